//! The files of the client: embedded, named together by one digest, sent without comments, deflated when first sent.

use std::collections::HashMap;
use std::fmt::Write as _;

use parlour_service::secret::digest;

use crate::asset::Asset;

/// The files at these paths below `web/`.
macro_rules! files {
    ($($path:literal)*) => {
        [$(($path, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/", $path)).as_slice())),*]
    };
}

/// What everybody needs, first of all who is not logged in. The browser is told to fetch the scripts at once.
static FIRST: &[(&str, &[u8])] = &files! {
    "app/main.js" "app/dom.js" "app/drafts.js" "app/forms.js" "app/people.js" "app/router.js" "app/session.js"
    "app/tabs.js" "app/theme.js" "app/welcome.js"
    "parlour.js" "parlour/emitter.js" "parlour/following.js" "parlour/http.js" "parlour/live.js" "parlour/outbox.js"
    "parlour/problem.js" "parlour/wallet.js"
};

/// What whoever is logged in needs as well: fetched at once for who brings a cookie, for others while they log in.
static INSIDE: &[(&str, &[u8])] = &files! {
    "app/actions.js" "app/avatar.js" "app/banner.js" "app/completion.js" "app/composer.js" "app/dialog.js"
    "app/keys.js" "app/log.js" "app/look.js" "app/message.js" "app/presence.js" "app/room.js" "app/rooms.js"
    "app/roving.js" "app/shell.js" "app/sidebar.js" "app/text.js" "app/time.js" "app/timeline.js" "app/toast.js"
    "app/typing.js"
};

/// What is fetched when somebody wants it.
static LATER: &[(&str, &[u8])] = &files! {
    "app/account.js" "app/emoji.js" "app/find.js" "app/help.js" "app/listed.js" "app/members.js" "app/person.js"
    "app/search.js" "app/settings.js" "app/switcher.js"
    "admin/accounts.js" "admin/admin.js" "admin/audit.js" "admin/chart.js" "admin/keys.js" "admin/rooms.js"
    "admin/statistics.js"
    "manifest.webmanifest" "parlour/types.js"
};

/// Sent as one sheet, in this order.
static STYLE: &[(&str, &[u8])] =
    &files! { "style/base.css" "style/controls.css" "style/shell.css" "style/room.css" "style/sheet.css" };

static PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/index.html"));
static ICONS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/icons.svg"));

/// All of it.
pub(super) struct Shelf {
    /// Of all files together, as it stands in their addresses.
    pub(super) digest: String,
    pub(super) files: HashMap<&'static str, Asset>,
    /// The library for others: as it is written, since they read it.
    pub(super) library: HashMap<&'static str, Asset>,
    /// The page for who brings no session.
    pub(super) page: Asset,
    /// The page for who may have one.
    pub(super) page_with_cookie: Asset,
}

impl Shelf {
    pub(super) fn fill() -> Self {
        let scripts = || FIRST.iter().chain(INSIDE).chain(LATER).copied();
        let sheet: String = STYLE.iter().map(|(_, bytes)| bare(bytes)).collect();
        let digest = digest_of(scripts().chain(STYLE.iter().copied()));
        let page = |cookie: &str| Asset::new("text/html; charset=utf-8", page(&digest, cookie));
        let mut files: HashMap<_, _> =
            scripts().map(|(path, bytes)| (path, Asset::new(type_of(path), bare(bytes)))).collect();
        files.insert("style.css", Asset::new(type_of("style.css"), sheet));
        let library = scripts().filter(|(path, _)| path.starts_with("parlour"));
        Self {
            files,
            library: library.map(|(path, bytes)| (path, Asset::new(type_of(path), bytes))).collect(),
            page: page("no"),
            page_with_cookie: page("yes"),
            digest,
        }
    }
}

/// A script or a sheet without indentation and without comments that have lines of their own: they are half of it, and
/// a browser reads neither. No text of ours goes over several lines.
fn bare(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut inside = false;
    let spoken = text.lines().map(str::trim).filter(|line| {
        let comment = inside || line.starts_with("/*") || line.starts_with("//");
        inside = (inside || line.starts_with("/*")) && !line.ends_with("*/");
        !comment && !line.is_empty()
    });
    spoken.flat_map(|line| [line, "\n"]).collect()
}

/// 96 bits, and the names in it as well: two sets of files never share an address.
fn digest_of(files: impl Iterator<Item = (&'static str, &'static [u8])>) -> String {
    let all: Vec<u8> =
        files.flat_map(|(path, bytes)| digest(path.as_bytes()).into_iter().chain(digest(bytes))).collect();
    let mut text = String::new();
    for byte in digest(&all).iter().take(12) {
        // A text takes every write.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn page(digest: &str, cookie: &str) -> String {
    let assets = format!("/assets/{digest}");
    let inside = if cookie == "yes" { INSIDE } else { &[] };
    let scripts = FIRST.iter().chain(inside).map(|(path, _)| *path).filter(|path| *path != "app/theme.js");
    let mut preload = String::new();
    for path in scripts {
        // A text takes every write.
        let _ = writeln!(preload, "<link rel=\"modulepreload\" href=\"{assets}/{path}\">");
    }
    let page = PAGE.replace("{preload}\n", &preload).replace("{icons}", ICONS.trim_end());
    page.replace("{assets}", &assets).replace("{cookie}", cookie)
}

fn type_of(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        _ => "application/manifest+json",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The paths of all files below a folder, as they are named above.
    fn below(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let path = format!("{prefix}{}", entry.file_name().to_str().expect("a plain name"));
            if path == "docs" {
                // Another page, which is served by itself.
            } else if entry.path().is_dir() {
                below(&entry.path(), &format!("{path}/"), found);
            } else {
                found.insert(path);
            }
        }
    }

    #[test]
    fn every_file_of_the_client_is_in_the_binary() {
        let mut there = BTreeSet::new();
        below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web"), "", &mut there);
        let beside = ["index.html", "icons.svg", "tsconfig.json"].map(str::to_owned);
        let embedded = [FIRST, INSIDE, LATER, STYLE].into_iter().flatten().map(|(path, _)| (*path).to_owned());
        assert_eq!(there, embedded.chain(beside).collect());
    }

    #[test]
    fn the_page_names_only_what_is_there() {
        let shelf = Shelf::fill();
        let page = String::from_utf8(shelf.page_with_cookie.whole.to_vec()).expect("text");
        let prefix = format!("/assets/{}/", shelf.digest);
        let named: Vec<&str> = page.split(&prefix).skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(named.len() > 30 && named.iter().all(|path| shelf.files.contains_key(path)), "{named:?}");
        assert!(!page.contains('{'), "every blank is filled");
    }

    #[test]
    fn comments_are_left_out_and_nothing_else() {
        let script = b"// One.\n/**\n * Two.\n */\nconst a = 'b // c'; // three\n\n  /* four */\n  f(a);\n";
        assert_eq!(bare(script), "const a = 'b // c'; // three\nf(a);\n");
        for (path, bytes) in [FIRST, INSIDE, LATER].into_iter().flatten() {
            let text = String::from_utf8_lossy(bytes);
            let whole = |line: &str| line.matches('`').count().is_multiple_of(2);
            assert!(text.lines().all(whole), "{path}: a text over several lines would lose its indentation");
        }
    }

    #[test]
    fn the_first_load_is_small() {
        let shelf = Shelf::fill();
        let sum = |page: &Asset, files: &[&[(&str, &[u8])]]| {
            let scripts = files.iter().copied().flatten().map(|(path, _)| shelf.files[path].small().len());
            scripts.sum::<usize>() + shelf.files["style.css"].small().len() + page.small().len()
        };
        let (stranger, member) = (sum(&shelf.page, &[FIRST]), sum(&shelf.page_with_cookie, &[FIRST, INSIDE]));
        assert!(stranger < 30_000 && member < 60_000, "{stranger} and {member} bytes");
    }
}
