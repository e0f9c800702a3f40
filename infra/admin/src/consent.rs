use std::io::{BufRead, Write};

use anyhow::bail;

/// Whether the operator agrees to a change that cannot be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// Given with `--yes`.
    Given,
    /// To be asked for at the terminal.
    Asked,
    /// Not given, and there is no terminal to ask at.
    Lacking,
}

impl Consent {
    /// Fails unless the operator agrees, either with `--yes` or by typing `id`, the name of the affected item.
    pub(crate) fn require_for(self, what_happens: &str, id: &str) -> anyhow::Result<()> {
        match self {
            Self::Given => Ok(()),
            Self::Lacking => {
                bail!("Nothing was changed: {what_happens} There is no terminal to ask at; say --yes if you are sure.")
            }
            Self::Asked => ask(what_happens, id, std::io::stdin().lock(), std::io::stderr()),
        }
    }
}

fn ask(what_happens: &str, id: &str, mut from: impl BufRead, mut to: impl Write) -> anyhow::Result<()> {
    write!(to, "{what_happens}\nType {id} to go on: ")?;
    to.flush()?;
    let mut typed = String::new();
    from.read_line(&mut typed)?;
    if typed.trim() == id { Ok(()) } else { bail!("Nothing was changed: that is not {id}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_removed_is_a_yes_to_removing_it() {
        for (typed, consent) in
            [("dana\n", true), (" dana ", true), ("y\n", false), ("\n", false), ("", false), ("dan", false)]
        {
            let mut shown = Vec::new();
            assert_eq!(ask("This removes Dana.", "dana", typed.as_bytes(), &mut shown).is_ok(), consent, "{typed:?}");
            assert_eq!(shown, b"This removes Dana.\nType dana to go on: ");
        }
    }
}
