//! Writes the site to `target/site` or to the given folder. With `--list`, prints how each file is uploaded.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;

fn main() -> anyhow::Result<()> {
    let (options, folders): (Vec<_>, Vec<_>) = std::env::args_os().skip(1).partition(|argument| argument == "--list");
    let folder = folders.first().map_or_else(|| PathBuf::from("target/site"), PathBuf::from);
    let files = static_site::files();
    let uploads = static_site::uploads(&files)?;
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("clearing {}", folder.display()))?;
    }
    for file in &files {
        let path = folder.join(&file.path);
        let parent = path.parent().context("a file of the site has a folder")?;
        fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
        fs::write(&path, &file.bytes).with_context(|| format!("writing {}", path.display()))?;
    }
    if !options.is_empty() {
        let list: Vec<_> = uploads.iter().map(ToString::to_string).collect();
        writeln!(io::stdout(), "{}", list.join("\n"))?;
    }
    Ok(())
}
