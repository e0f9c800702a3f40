use serde::Serialize;

use crate::failure::AwsCallError;

/// The result of a check.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// The name of the check.
    pub(crate) check: &'static str,
    pub(crate) verdict: CheckStatus,
    pub(crate) says: String,
    /// The advice for the operator.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub(crate) to_do: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CheckStatus {
    Ok,
    Wrong,
    CannotBeChecked,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, says: impl Into<String>) -> Self {
        Self { check, verdict: CheckStatus::Ok, says: says.into(), to_do: None }
    }

    pub(crate) fn wrong(check: &'static str, says: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { check, verdict: CheckStatus::Wrong, says: says.into(), to_do: Some(to_do.into()) }
    }

    pub(crate) fn cannot_be_checked(check: &'static str, says: impl Into<String>) -> Self {
        Self { check, verdict: CheckStatus::CannotBeChecked, says: says.into(), to_do: None }
    }

    /// Returns the finding for a check that needs a call which has failed.
    pub(crate) fn failed(check: &'static str, failure: &AwsCallError) -> Self {
        Self::cannot_be_checked(check, failure.to_string())
    }

    /// Formats the finding as one line, with a second line if there is advice.
    pub(crate) fn lines(&self) -> String {
        let verdict = match self.verdict {
            CheckStatus::Ok => "ok",
            CheckStatus::Wrong => "WRONG",
            CheckStatus::CannotBeChecked => "?",
        };
        let line = format!("{verdict:5}  {:11}  {}", self.check, self.says);
        match &self.to_do {
            Some(to_do) => format!("{line}\n{:20}-> {to_do}", ""),
            None => line,
        }
    }
}
