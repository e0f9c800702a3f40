//! Runs contact flows, with the features that the flow in `infra/connect` uses.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Flow {
    start_action: String,
    actions: Vec<Action>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Action {
    identifier: String,
    r#type: ActionKind,
    parameters: Value,
    transitions: Transitions,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
enum ActionKind {
    MessageParticipant,
    GetParticipantInput,
    InvokeLambdaFunction,
    Compare,
    DisconnectParticipant,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Transitions {
    next_action: Option<String>,
    #[serde(default)]
    conditions: Vec<Condition>,
    #[serde(default)]
    errors: Vec<ErrorTransition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Condition {
    next_action: String,
    condition: ComparedValues,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ComparedValues {
    operands: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorTransition {
    next_action: String,
    error_type: String,
}

/// The state of a call in a flow.
pub(crate) struct FlowState {
    at: String,
    attributes: Map<String, Value>,
    /// The response of the last function.
    external: Value,
    /// The messages played since the customer last pressed a key.
    pub(crate) prompts: Vec<String>,
}

/// An input that continues a flow.
pub(crate) enum FlowInput {
    Start,
    Key(char),
    /// The response of a function. `None` if it failed.
    Answer(Option<Value>),
}

/// The input that a flow waits for.
pub(crate) enum FlowWait {
    Key,
    /// The response of a function to these parameters.
    Function(Map<String, Value>),
    /// The flow has ended.
    Nothing,
}

impl Flow {
    pub(crate) fn read(text: &str) -> anyhow::Result<Self> {
        Ok(serde_json::from_str(text)?)
    }

    pub(crate) fn begin(&self, attributes: Map<String, Value>) -> FlowState {
        FlowState { at: self.start_action.clone(), attributes, external: Value::Null, prompts: Vec::new() }
    }

    /// Continues the flow with an input, until it waits for another or ends.
    pub(crate) fn advance(&self, talk: &mut FlowState, came: FlowInput) -> FlowWait {
        let by_id: HashMap<_, _> = self.actions.iter().map(|action| (action.identifier.as_str(), action)).collect();
        let mut came = Some(came);
        while let Some(action) = by_id.get(talk.at.as_str()) {
            let next = match action.r#type {
                ActionKind::MessageParticipant => {
                    talk.says(action);
                    action.transitions.next_action.as_deref()
                }
                ActionKind::GetParticipantInput => {
                    let Some(FlowInput::Key(key)) = came.take() else {
                        talk.says(action);
                        return FlowWait::Key;
                    };
                    action.transitions.branch(&key.to_string())
                }
                ActionKind::InvokeLambdaFunction => match came.take() {
                    Some(FlowInput::Answer(Some(answer))) => {
                        talk.external = answer;
                        action.transitions.next_action.as_deref()
                    }
                    Some(FlowInput::Answer(None)) => action.transitions.error("NoMatchingError"),
                    Some(FlowInput::Start | FlowInput::Key(_)) | None => {
                        return FlowWait::Function(talk.parameters(action));
                    }
                },
                ActionKind::Compare => action.transitions.branch(&talk.resolved(action, "ComparisonValue")),
                ActionKind::DisconnectParticipant => None,
            };
            let Some(next) = next else { break };
            talk.at = next.to_owned();
        }
        FlowWait::Nothing
    }
}

impl Transitions {
    fn branch(&self, value: &str) -> Option<&str> {
        let met = self.conditions.iter().find(|it| it.condition.operands.iter().any(|operand| operand == value));
        met.map(|met| met.next_action.as_str()).or_else(|| self.error("NoMatchingCondition"))
    }

    fn error(&self, kind: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.error_type == kind).map(|error| error.next_action.as_str())
    }
}

impl FlowState {
    fn says(&mut self, action: &Action) {
        let said = self.resolved(action, "Text");
        self.prompts.push(said);
    }

    fn resolved(&self, action: &Action, parameter: &str) -> String {
        self.resolve(action.parameters[parameter].as_str().unwrap_or_default())
    }

    /// Returns the parameters for a function.
    fn parameters(&self, action: &Action) -> Map<String, Value> {
        let given = action.parameters["LambdaInvocationAttributes"].as_object().into_iter().flatten();
        let resolved =
            given.map(|(name, value)| (name.clone(), Value::String(self.resolve(value.as_str().unwrap_or_default()))));
        resolved.collect()
    }

    /// Replaces `$.Attributes.…` and `$.External.…` in a text by their values.
    fn resolve(&self, text: &str) -> String {
        let mut resolved = String::new();
        let mut pieces = text.split("$.");
        resolved.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let (place, rest) = piece.split_once('.').unwrap_or((piece, ""));
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            let value = match place {
                "Attributes" => self.attributes.get(name),
                "External" => self.external.get(name),
                _ => None,
            };
            resolved.push_str(value.and_then(Value::as_str).unwrap_or_default());
            resolved.push_str(rest);
        }
        resolved
    }
}
