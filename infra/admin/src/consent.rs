use std::io::{BufRead, Write};

use anyhow::bail;

/// Whether the operator agrees to a change that cannot be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// The operator passed `--yes`.
    Given,
    /// The command asks at the terminal.
    Asked,
    /// The operator did not pass `--yes`, and there is no terminal to ask at.
    Lacking,
}

impl Consent {
    /// Fails unless the operator agrees, either with `--yes` or by typing `id`, the name of the affected item.
    pub(crate) fn require_for(self, what_happens: &str, id: &str) -> anyhow::Result<()> {
        match self {
            Self::Given => Ok(()),
            Self::Lacking => {
                bail!(
                    "Nothing was changed: {what_happens} There is no terminal to confirm this on: add --yes to confirm."
                )
            }
            Self::Asked => ask(what_happens, id, std::io::stdin().lock(), std::io::stderr()),
        }
    }
}

fn ask(what_happens: &str, id: &str, mut from: impl BufRead, mut to: impl Write) -> anyhow::Result<()> {
    write!(to, "{what_happens}\nType {id} to confirm: ")?;
    to.flush()?;
    let mut typed = String::new();
    from.read_line(&mut typed)?;
    if typed.trim() == id { Ok(()) } else { bail!("Nothing was changed: the input is not {id}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removal_is_confirmed_only_by_typing_the_id() {
        for (typed, consent) in
            [("dana\n", true), (" dana ", true), ("y\n", false), ("\n", false), ("", false), ("dan", false)]
        {
            let mut shown = Vec::new();
            assert_eq!(ask("This removes Dana.", "dana", typed.as_bytes(), &mut shown).is_ok(), consent, "{typed:?}");
            assert_eq!(shown, b"This removes Dana.\nType dana to confirm: ");
        }
    }
}
