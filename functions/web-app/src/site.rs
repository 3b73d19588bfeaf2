//! The built screen: files that are part of the component, and how browsers keep them.

use function::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// The page that every address of the screen shows.
const INDEX: &str = "/index.html";

/// Where the build puts files whose name changes with their content.
const HASHED: &str = "/assets/";

/// A file of the screen.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// From the root, with a leading slash.
    pub path: &'static str,
    /// `Content-Type`
    pub content_type: &'static str,
    /// Changes with the content.
    pub tag: &'static str,
    /// As it was built.
    pub bytes: &'static [u8],
    /// The same as gzip, where that is smaller.
    pub gzip: Option<&'static [u8]>,
}

/// All files of the screen.
#[derive(Debug, Clone, Copy)]
pub struct Site(pub &'static [File]);

/// The screen as it was when the component was built; empty when it was not.
pub const BUILT: Site = Site(include!(concat!(env!("OUT_DIR"), "/files.rs")));

impl Site {
    /// The file at `path`; `/` is the start page.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&'static File> {
        let path = if path == "/" { INDEX } else { path };
        self.0.iter().find(|file| file.path == path)
    }

    /// The start page, which also stands for every place inside the screen.
    #[must_use]
    pub fn index(&self) -> Option<&'static File> {
        self.file(INDEX)
    }
}

impl File {
    /// The answer to a request with `headers`: 304 when the browser has it already.
    #[must_use]
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        let gzip = self.gzip.filter(|_| accepts_gzip(headers));
        let tag = match gzip {
            Some(_) => format!("\"{}-gzip\"", self.tag),
            None => format!("\"{}\"", self.tag),
        };
        let caching = if self.path.starts_with(HASHED) {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        let mut fields = vec![
            (header::ETAG, tag.clone()),
            (header::CACHE_CONTROL, caching.to_owned()),
            (header::VARY, "accept-encoding".to_owned()),
        ];
        if has(headers, &tag) {
            return response(StatusCode::NOT_MODIFIED, fields, Vec::new());
        }
        fields.push((header::CONTENT_TYPE, self.content_type.to_owned()));
        if gzip.is_some() {
            fields.push((header::CONTENT_ENCODING, "gzip".to_owned()));
        }
        let bytes = gzip.unwrap_or(self.bytes).to_vec();
        response(StatusCode::OK, fields, bytes)
    }
}

fn response(status: StatusCode, fields: Vec<(HeaderName, String)>, body: Vec<u8>) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in fields {
        response
            .headers_mut()
            .extend(HeaderValue::try_from(value).map(|value| (name, value)));
    }
    response
}

/// Whether `If-None-Match` has the tag (RFC 9110 section 13.1.2: weak comparison).
fn has(headers: &HeaderMap, tag: &str) -> bool {
    let mut tags = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// Whether the client takes gzip (RFC 9110 section 12.5.3); `q=0` means that it doesn't.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let codings = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','));
    codings
        .map(|coding| coding.split(';').map(str::trim))
        .filter_map(|mut parts| Some((parts.next()?, parts.next())))
        .find(|(name, _)| name.eq_ignore_ascii_case("gzip"))
        .is_some_and(|(_, weight)| weight.is_none_or(|weight| !is_zero(weight)))
}

fn is_zero(weight: &str) -> bool {
    weight
        .split_once('=')
        .and_then(|(_, value)| value.trim().parse::<f32>().ok())
        .is_some_and(|value| value == 0.0)
}
