//! The modules of a crate, read from its source, and which file uses what another file defines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, UseTree, Visibility};

/// Reads a file; `None` when it is not there.
pub(crate) type Read<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// A file, those of the same crate that it uses, and one path for each of them that leads there.
pub(crate) type Imports = BTreeMap<PathBuf, BTreeMap<PathBuf, String>>;

/// The names of a module from the root of the crate: `crate::store::work` is `["store", "work"]`.
type Name = Vec<String>;

/// How often an alias is followed to another, so that aliases which name each other end.
const MOST_ALIASES: usize = 16;

/// One module, in a file of its own or within that of another.
struct Module {
    file: PathBuf,
    aliases: Vec<Alias>,
    /// Where `use …::*` looks.
    globs: Vec<Name>,
    /// The names of functions, types, constants and the like.
    defined: BTreeSet<String>,
    /// The paths in its items, as they are written.
    paths: Vec<Name>,
}

/// `use a::b as name`.
struct Alias {
    name: String,
    path: Name,
    /// Whether it only hands something on, as `pub use` does.
    is_handed_on: bool,
}

/// Which file of the crate that begins with `root` uses which.
///
/// A file uses another when an import or a path in it leads to something that the other defines. `mod child;` uses nothing, and
/// neither does `pub use child::Thing` unless the file speaks of `Thing` itself. Who imports `Thing` through such a re-export
/// uses the file that defines it, not the one that hands it on.
pub(crate) fn imports(root: &Path, read: Read<'_>) -> Imports {
    let mut krate = Crate {
        modules: BTreeMap::new(),
    };
    krate.read_file(root, root.parent().unwrap_or(Path::new("")), &[], read);
    krate.imports()
}

struct Crate {
    modules: BTreeMap<Name, Module>,
}

impl Crate {
    /// Reads the module `name` from `file`, whose children are in `folder`.
    fn read_file(&mut self, file: &Path, folder: &Path, name: &[String], read: Read<'_>) {
        let Some(text) = read(file) else { return };
        let Ok(parsed) = syn::parse_file(&text) else {
            panic!("{} is no Rust that syn can read", file.display());
        };
        self.read_items(&parsed.items, file, folder, name, read);
    }

    fn read_items(
        &mut self,
        items: &[Item],
        file: &Path,
        folder: &Path,
        name: &[String],
        read: Read<'_>,
    ) {
        let mut module = Module {
            file: file.to_owned(),
            aliases: Vec::new(),
            globs: Vec::new(),
            defined: BTreeSet::new(),
            paths: Vec::new(),
        };
        for item in items {
            match item {
                Item::Mod(child) => {
                    let child_name = [name, &[child.ident.to_string()]].concat();
                    self.read_child(child, file, folder, &child_name, read);
                }
                Item::Use(item) => {
                    let is_handed_on = !matches!(item.vis, Visibility::Inherited);
                    module.read_use(&item.tree, Vec::new(), is_handed_on);
                }
                item => {
                    module.defined.extend(name_of(item));
                    Paths(&mut module).visit_item(item);
                }
            }
        }
        self.modules.insert(name.to_owned(), module);
    }

    fn read_child(
        &mut self,
        child: &ItemMod,
        file: &Path,
        folder: &Path,
        name: &[String],
        read: Read<'_>,
    ) {
        let ident = child.ident.to_string();
        let inside = folder.join(&ident);
        if let Some((_, items)) = &child.content {
            return self.read_items(items, file, &inside, name, read);
        }
        let told = child.attrs.iter().find_map(told_path);
        if let Some(told) = told {
            let file = file.parent().unwrap_or(Path::new("")).join(told);
            let folder = file.parent().unwrap_or(Path::new("")).to_owned();
            return self.read_file(&file, &folder, name, read);
        }
        let beside = folder.join(format!("{ident}.rs"));
        match read(&beside) {
            Some(_) => self.read_file(&beside, &inside, name, read),
            None => self.read_file(&inside.join("mod.rs"), &inside, name, read),
        }
    }

    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (name, module) in &self.modules {
            let aliases = module.aliases.iter().filter(|alias| !alias.is_handed_on);
            let imported = aliases.map(|alias| &alias.path).chain(&module.globs);
            let spoken_of = module.paths.iter().filter(|path| self.may_lead(name, path));
            let used = imported
                .chain(spoken_of)
                .filter_map(|path| Some((self.definer(name, path)?, path.join("::"))))
                .filter(|(file, _)| *file != module.file);
            imports.entry(module.file.clone()).or_default().extend(used);
        }
        imports
    }

    /// Whether a path in an item could lead to another module. A name alone is one of a variable, unless it was imported.
    fn may_lead(&self, name: &[String], path: &[String]) -> bool {
        let is_imported = || {
            let module = &self.modules[name];
            module.aliases.iter().any(|alias| alias.name == path[0])
        };
        path.len() > 1 || is_imported()
    }

    /// The file that defines what `path` means in the module `name`; `None` for what is of another crate.
    fn definer(&self, name: &[String], path: &[String]) -> Option<PathBuf> {
        self.follow(name, path, MOST_ALIASES)
    }

    fn follow(&self, name: &[String], path: &[String], aliases: usize) -> Option<PathBuf> {
        let aliases = aliases.checked_sub(1)?;
        let mut at = name.to_vec();
        let mut rest = path;
        let is_absolute = matches!(rest.first()?.as_str(), "crate" | "self" | "super");
        while let Some((first, behind)) = rest.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => {
                    at.pop()?;
                }
                _ => break,
            }
            rest = behind;
        }
        while let Some((first, behind)) = rest.split_first() {
            let child = [at.as_slice(), std::slice::from_ref(first)].concat();
            let module = self.modules.get(&at)?;
            let alias = module.aliases.iter().find(|alias| alias.name == *first);
            // A module and a function can have one name: what is last is the function.
            let is_thing = behind.is_empty() && (alias.is_some() || module.defined.contains(first));
            if self.modules.contains_key(&child) && !is_thing {
                at = child;
                rest = behind;
                continue;
            }
            if module.defined.contains(first) {
                return Some(module.file.clone());
            }
            if let Some(alias) = alias {
                let whole = [alias.path.as_slice(), behind].concat();
                return self.follow(&at, &whole, aliases);
            }
            let from_globs = module.globs.iter().find_map(|glob| {
                let whole = [glob.as_slice(), rest].concat();
                self.follow(&at, &whole, aliases)
            });
            let is_elsewhere = !is_absolute && at == name;
            return from_globs.or_else(|| (!is_elsewhere).then(|| module.file.clone()));
        }
        Some(self.modules.get(&at)?.file.clone())
    }
}

impl Module {
    fn read_use(&mut self, tree: &UseTree, mut before: Name, is_handed_on: bool) {
        let (name, last) = match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                return self.read_use(&path.tree, before, is_handed_on);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.read_use(tree, before.clone(), is_handed_on);
                }
                return;
            }
            UseTree::Glob(_) => return self.globs.push(before),
            UseTree::Name(name) => (&name.ident, &name.ident),
            UseTree::Rename(rename) => (&rename.rename, &rename.ident),
        };
        let mut name = name.to_string();
        match (last == "self", before.last()) {
            (true, Some(module)) if name == "self" => name.clone_from(module),
            (true, _) => {}
            (false, _) => before.push(last.to_string()),
        }
        self.aliases.push(Alias {
            name,
            path: before,
            is_handed_on,
        });
    }
}

/// `#[path = "…"]`
fn told_path(attribute: &Attribute) -> Option<String> {
    let value = &attribute.meta.require_name_value().ok()?;
    let syn::Expr::Lit(literal) = &value.value else {
        return None;
    };
    match &literal.lit {
        syn::Lit::Str(path) if attribute.path().is_ident("path") => Some(path.value()),
        _ => None,
    }
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// Gathers the paths of a module's items, also from within macros and from imports within functions.
struct Paths<'a>(&'a mut Module);

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let names = path.segments.iter().map(|part| part.ident.to_string());
            self.0.paths.push(names.collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.0.read_use(&item.tree, Vec::new(), false);
    }

    fn visit_macro(&mut self, invoked: &'ast syn::Macro) {
        self.visit_path(&invoked.path);
        self.read_tokens(invoked.tokens.clone());
    }

    // "pub(in crate::a)" says who may see something, and derives and the like are of other crates.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

impl Paths<'_> {
    /// Takes `a::b::c` out of tokens that only the macro can parse.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut path: Name = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.take(&mut path);
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                other => {
                    self.take(&mut path);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.read_tokens(group.stream());
                    }
                }
            }
        }
        self.take(&mut path);
    }

    fn take(&mut self, path: &mut Name) {
        if !path.is_empty() {
            self.0.paths.push(std::mem::take(path));
        }
    }
}
