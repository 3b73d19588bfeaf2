//! The web app: its routes over a small site, its document, and the real component.

mod component;
mod routes;
