use std::io::Write;

use serde::Serialize;
use serde_json::Value;

/// Prints results as text for people, or as JSON for programs.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn is_for_programs(self) -> bool {
        self.json
    }

    /// Prints the result of a command: the sentence, or the JSON value.
    pub(crate) fn report(self, sentence: &str, value: &Value) -> anyhow::Result<()> {
        if self.json { Self::json(value) } else { Self::line(sentence) }
    }

    /// Prints a list: a table with headings, or the sentence `nothing` if it is empty. As JSON, prints `values`.
    pub(crate) fn listed<const N: usize>(
        self,
        headings: [&str; N],
        rows: &[[String; N]],
        values: &[Value],
        nothing: &str,
    ) -> anyhow::Result<()> {
        if self.json {
            return Self::json(values);
        }
        if rows.is_empty() {
            return Self::line(nothing);
        }
        for line in columns(headings, rows) {
            Self::line(&line)?;
        }
        Ok(())
    }

    pub(crate) fn json(value: &(impl Serialize + ?Sized)) -> anyhow::Result<()> {
        Self::line(&serde_json::to_string_pretty(value)?)
    }

    /// Prints a line. Unlike `println`, returns an error and does not panic when the reader has closed the pipe.
    pub(crate) fn line(line: &str) -> anyhow::Result<()> {
        Ok(writeln!(std::io::stdout().lock(), "{line}")?)
    }
}

fn columns<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let headings = headings.map(str::to_owned);
    let all = || std::iter::once(&headings).chain(rows);
    let widths: [usize; N] =
        std::array::from_fn(|column| all().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_letters_and_not_by_bytes() {
        let rows = [["é".to_owned(), "x".to_owned()], ["abcd".to_owned(), "y".to_owned()]];
        assert_eq!(columns(["ID", "NAME"], &rows), ["ID    NAME", "é     x", "abcd  y"]);
    }
}
