//! Checks the names and docs of the workspace's code.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a check that cannot read the code has failed")]

use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprLit, Ident, Item, Lit, Meta, Visibility};

/// The longest first sentence of a doc comment, in words.
const FIRST_SENTENCE: usize = 20;

/// Words that name nothing on their own: participles, pronouns, prepositions, adverbs. They may be part of a longer name.
const MEANINGLESS: &[&str] = &[
    "above", "added", "admitted", "after", "again", "answered", "around", "asked", "at", "before", "begun", "behind",
    "below", "beside", "between", "brought", "by", "carried", "chosen", "came", "counted", "decided", "demanded",
    "does", "done", "ended", "erased", "found", "given", "gone", "handed", "happened", "heard", "held", "here", "in",
    "it", "judged", "kept", "known", "left", "made", "meant", "named", "noted", "of", "opened", "over", "picked",
    "posted", "put", "received", "refused", "removed", "said", "saved", "seen", "sent", "settled", "shown", "somebody",
    "taken", "that", "their", "theirs", "them", "there", "they", "through", "to", "told", "touched", "under", "us",
    "waiting", "wanted", "what", "when", "where", "whether", "which", "who", "whoever", "whom", "whose", "with",
    "without", "written",
];

/// An item that breaks a rule.
struct Finding {
    file: PathBuf,
    name: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.name)
    }
}

/// An item with a name: a type, a function, a constant.
struct NamedItem<'a> {
    name: &'a Ident,
    attributes: &'a [Attribute],
    is_public: bool,
}

/// Calls a closure for each named item of a file, including tests and nested modules.
struct ItemVisitor<'f, 'a> {
    see: &'f mut dyn FnMut(&NamedItem<'a>),
}

impl<'a> ItemVisitor<'_, 'a> {
    fn see(&mut self, name: &'a Ident, attributes: &'a [Attribute], visibility: Option<&Visibility>) {
        let is_public = matches!(visibility, Some(Visibility::Public(_)));
        (self.see)(&NamedItem { name, attributes, is_public });
    }
}

impl<'a> Visit<'a> for ItemVisitor<'_, 'a> {
    fn visit_item(&mut self, item: &'a Item) {
        match item {
            Item::Const(it) => self.see(&it.ident, &it.attrs, Some(&it.vis)),
            Item::Enum(it) => self.see(&it.ident, &it.attrs, Some(&it.vis)),
            Item::Fn(it) => self.see(&it.sig.ident, &it.attrs, Some(&it.vis)),
            Item::Static(it) => self.see(&it.ident, &it.attrs, Some(&it.vis)),
            Item::Struct(it) => self.see(&it.ident, &it.attrs, Some(&it.vis)),
            Item::Trait(it) => self.see(&it.ident, &it.attrs, Some(&it.vis)),
            Item::Type(it) => self.see(&it.ident, &it.attrs, Some(&it.vis)),
            // A trait's own docs and names apply.
            Item::Impl(it) if it.trait_.is_some() => return,
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item_fn(&mut self, it: &'a syn::ImplItemFn) {
        self.see(&it.sig.ident, &it.attrs, Some(&it.vis));
        visit::visit_impl_item_fn(self, it);
    }

    fn visit_impl_item_const(&mut self, it: &'a syn::ImplItemConst) {
        self.see(&it.ident, &it.attrs, Some(&it.vis));
    }

    fn visit_trait_item_fn(&mut self, it: &'a syn::TraitItemFn) {
        self.see(&it.sig.ident, &it.attrs, None);
    }
}

/// Returns the lines of a doc comment. Skips docs that are included from a file.
fn doc_of(attributes: &[Attribute]) -> Vec<String> {
    let text = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    };
    attributes.iter().filter_map(text).collect()
}

/// Returns the text of a doc up to the first full stop, or the first paragraph if it has none.
fn first_sentence(doc: &[String]) -> String {
    let paragraph: Vec<_> = doc.iter().take_while(|line| !line.is_empty()).map(String::as_str).collect();
    let paragraph = paragraph.join(" ");
    paragraph.split_once(". ").map_or(paragraph.clone(), |(first, _)| first.to_owned())
}

fn sources() -> Vec<(PathBuf, syn::File)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for folder in ["functions", "infra", "shared", "static-site", "tests"] {
        collect(&root.join(folder), &mut files);
    }
    assert!(files.len() > 300, "the workspace's files are found");
    let parsed = files.into_iter().map(|file| {
        let source = std::fs::read_to_string(&file).unwrap();
        let parsed = syn::parse_file(&source).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        (file.strip_prefix(root).unwrap().to_owned(), parsed)
    });
    parsed.collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !["node_modules", "target"].iter().any(|name| path.ends_with(name)) {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Returns the items that break a rule.
fn findings(breaks: impl Fn(&Path, &NamedItem<'_>) -> Option<String>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, parsed) in &sources() {
        let mut see = |named: &NamedItem<'_>| {
            found.extend(breaks(file, named).map(|name| Finding { file: file.clone(), name }));
        };
        ItemVisitor { see: &mut see }.visit_file(parsed);
    }
    found
}

fn assert_none(found: &[Finding], rule: &str) {
    let lines: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{rule} ({}):\n{}", lines.len(), lines.join("\n"));
}

#[test]
fn every_public_item_of_a_library_has_a_doc() {
    let found = findings(|file, named| {
        let is_library = ["shared", "functions"].iter().any(|folder| file.starts_with(folder))
            && file.components().any(|part| part.as_os_str() == "src");
        let is_bare = named.is_public && doc_of(named.attributes).is_empty();
        // The type's doc covers its constructor.
        (is_library && is_bare && named.name != "new").then(|| named.name.to_string())
    });
    assert_none(&found, "a public item without a doc");
}

#[test]
fn the_first_sentence_of_a_doc_has_at_most_twenty_words() {
    let found = findings(|_, named| {
        let sentence = first_sentence(&doc_of(named.attributes));
        let words = sentence.split_whitespace().count();
        (words > FIRST_SENTENCE).then(|| format!("{}: {words} words: {sentence}", named.name))
    });
    assert_none(&found, "a first sentence that is too long");
}

#[test]
fn no_name_is_a_participle_a_pronoun_or_a_preposition() {
    let found = findings(|_, named| {
        let name = named.name.to_string();
        MEANINGLESS.contains(&name.to_lowercase().as_str()).then_some(name)
    });
    assert_none(&found, "a name that says nothing");
}
