//! The contact flow that operators import is complete and matches the function's interface.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

const TEXT: &str = include_str!("../../infra/connect/confirmation-call.json");
/// The placeholder for the ARN of an operator's own function.
const PLACEHOLDER: &str = "REPLACE_WITH_CONFIRMATION_CALL_ARN";

fn flow() -> Value {
    serde_json::from_str(TEXT).unwrap()
}

fn actions(flow: &Value) -> BTreeMap<&str, &Value> {
    let actions = flow["Actions"].as_array().unwrap();
    let by_id: BTreeMap<_, _> = actions.iter().map(|it| (it["Identifier"].as_str().unwrap(), it)).collect();
    assert_eq!(by_id.len(), actions.len(), "no two actions have one identifier");
    by_id
}

/// Returns the transitions of an action: the condition or error, and the next action.
fn ways(action: &Value) -> Vec<(String, &str)> {
    let transitions = &action["Transitions"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut ways = Vec::new();
    if let Some(next) = transitions["NextAction"].as_str() {
        ways.push(("next".to_owned(), next));
    }
    for condition in transitions["Conditions"].as_array().into_iter().flatten() {
        assert_eq!(condition["Condition"]["Operator"], "Equals");
        for operand in condition["Condition"]["Operands"].as_array().unwrap() {
            ways.push((text(operand), condition["NextAction"].as_str().unwrap()));
        }
    }
    for error in transitions["Errors"].as_array().into_iter().flatten() {
        ways.push((text(&error["ErrorType"]), error["NextAction"].as_str().unwrap()));
    }
    ways
}

#[test]
fn every_way_leads_to_an_action_every_action_is_reached_and_every_call_ends() {
    let flow = flow();
    let actions = actions(&flow);
    let mut reached = BTreeSet::new();
    let mut open = vec![flow["StartAction"].as_str().unwrap()];
    while let Some(id) = open.pop() {
        let action = actions.get(id).unwrap_or_else(|| panic!("nothing is named {id}"));
        if !reached.insert(id) {
            continue;
        }
        let ways = ways(action);
        assert_eq!(ways.is_empty(), action["Type"] == "DisconnectParticipant", "{id} leads on, or ends the call");
        open.extend(ways.into_iter().map(|(_, next)| next));
    }
    assert_eq!(reached, actions.keys().copied().collect());
}

#[test]
fn every_failure_has_a_branch() {
    let flow = flow();
    for (id, action) in actions(&flow) {
        let needed: &[&str] = match action["Type"].as_str().unwrap() {
            "GetParticipantInput" => &["InputTimeLimitExceeded", "NoMatchingCondition", "NoMatchingError"],
            "InvokeLambdaFunction" | "MessageParticipant" => &["NoMatchingError"],
            "Compare" => &["NoMatchingCondition"],
            "DisconnectParticipant" => &[],
            other => panic!("{id} is a {other}, which the local stack does not know"),
        };
        let by: Vec<_> = ways(action).into_iter().map(|(by, _)| by).collect();
        for error in needed {
            assert!(by.iter().any(|it| it == error), "{id} has no branch for {error}");
        }
    }
}

#[test]
fn it_hands_over_what_the_function_reads_for_each_key_and_knows_what_the_function_answers() {
    let flow = flow();
    let actions = actions(&flow);
    let asking = actions.values().filter(|action| action["Type"] == "GetParticipantInput");
    for ask in asking {
        for digit in ["1", "2", "3"] {
            let (_, next) = ways(ask).into_iter().find(|(by, _)| by == digit).unwrap();
            let given = &actions[next]["Parameters"];
            assert_eq!(given["LambdaInvocationAttributes"]["digit"], digit, "{next}");
            assert_eq!(given["LambdaInvocationAttributes"]["appointmentId"], "$.Attributes.appointmentId");
            assert_eq!(given["LambdaInvocationAttributes"].as_object().unwrap().len(), 2);
            assert!(given["InvocationTimeLimitSeconds"].as_str().unwrap().parse::<u8>().unwrap() <= 8);
        }
    }
    let compare = actions["what-came-of-it"];
    assert_eq!(compare["Parameters"]["ComparisonValue"], "$.External.result");
    let known: BTreeSet<_> = ways(compare).into_iter().map(|(by, _)| by).collect();
    let readme = include_str!("../../functions/confirmation-call/README.md");
    for result in ["confirmed", "declined", "asks-to-reschedule", "cancelled", "unknown-appointment"] {
        assert!(known.contains(result) && readme.contains(&format!("`{result}`")), "{result}");
    }
}

#[test]
fn the_functions_arn_is_all_that_an_operator_fills_in() {
    let flow = flow();
    let functions = actions(&flow).into_values().filter(|action| action["Type"] == "InvokeLambdaFunction");
    let functions: Vec<_> = functions.map(|action| &action["Parameters"]["LambdaFunctionARN"]).collect();
    assert!(functions.len() == 3 && functions.iter().all(|arn| **arn == PLACEHOLDER));
    assert_eq!(TEXT.matches("REPLACE_").count(), functions.len());
    assert!(!TEXT.contains("arn:"), "nothing of anybody's own is in it");
    let said = include_str!("../../infra/README.md");
    assert!(said.contains(PLACEHOLDER), "and its documentation names it");
    for attribute in ["appointmentId", "companyName", "appointmentTime"] {
        assert!(TEXT.contains(&format!("$.Attributes.{attribute}")) && said.contains(attribute), "{attribute}");
    }
}
