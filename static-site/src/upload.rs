//! How the site is uploaded.

use std::fmt::{self, Display};

use anyhow::Context;

use crate::File;

/// Files that are uploaded together, with the same headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub content_type: &'static str,
    pub cache_control: &'static str,
    pub paths: Vec<String>,
}

/// Groups files by content type and caching, in the order of their upload.
///
/// Pages follow the assets that they use. The service worker comes last, since it keeps pages of its own version. Fails
/// if a file's type is not known.
pub fn uploads(files: &[File]) -> anyhow::Result<Vec<Upload>> {
    let mut uploads: Vec<Upload> = Vec::new();
    for file in files {
        let content_type = file.content_type.with_context(|| {
            format!("{} has no content type: add its ending to static-site/src/content_type.rs", file.path)
        })?;
        let cache_control = file.cache_control();
        let same = |upload: &&mut Upload| (upload.content_type, upload.cache_control) == (content_type, cache_control);
        match uploads.iter_mut().find(same) {
            Some(upload) => upload.paths.push(file.path.clone()),
            None => uploads.push(Upload { content_type, cache_control, paths: vec![file.path.clone()] }),
        }
    }
    Ok(uploads)
}

/// Formats the upload as one line for a shell: type, caching and paths, separated by tabs. Spaces separate the paths.
impl Display for Upload {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}\t{}\t{}", self.content_type, self.cache_control, self.paths.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_uploaded_once_assets_first_and_the_service_worker_last() {
        let files = crate::files();
        let uploads = uploads(&files).unwrap();
        let uploaded: Vec<&String> = uploads.iter().flat_map(|upload| &upload.paths).collect();
        assert_eq!(uploaded.len(), files.len());
        let pages = uploads.iter().position(|upload| upload.content_type.starts_with("text/html")).unwrap();
        let first_page = uploads[..pages].iter().map(|upload| upload.paths.len()).sum::<usize>();
        assert!(uploaded[..first_page].iter().all(|path| path.starts_with("assets/")), "{uploaded:?}");
        assert!(uploaded[first_page..].iter().all(|path| !path.starts_with("assets/")), "{uploaded:?}");
        assert_eq!(uploaded.last().unwrap().as_str(), "sw.js");
        // The paths are arguments and patterns in a shell command.
        assert!(!uploaded.iter().any(|path| path.contains([' ', '\t', '\n', '*', '?', '['])), "{uploaded:?}");
    }

    #[test]
    fn a_file_of_a_type_that_is_not_known_is_named_and_nothing_is_uploaded() {
        let mut files = crate::files();
        files.push(File::new("assets/portal.woff2".to_owned(), b"font".as_slice(), true));
        let refused = uploads(&files).unwrap_err().to_string();
        assert!(refused.starts_with("assets/portal.woff2 has no content type"), "{refused}");
    }
}
