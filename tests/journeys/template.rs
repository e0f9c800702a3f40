//! The template and the local stack agree: routes, functions and table.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::{SendingLimits, UsageLimits};
use local::{CONTACT_EVENTS, MAPPINGS, ROUTES};
use runtime::{ATTEMPT_TIMEOUT, Metric, NAMESPACE, OPERATION_TIMEOUT};
use serde_json::{Value, json};
use sms::SEND_TIMEOUT;
use tests::TestStack;

fn template() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/template.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    // CloudFormation's short forms, such as `!Ref`, are tags. They do not matter for these comparisons.
    serde_saphyr::from_str(&text).unwrap()
}

fn functions(template: &Value) -> Vec<&Value> {
    let resources = template["Resources"].as_object().unwrap();
    resources.values().filter(|resource| resource["Type"] == "AWS::Serverless::Function").collect()
}

/// Returns the crate that a function is built from.
fn binary(function: &Value) -> &str {
    function["Properties"]["CodeUri"].as_str().unwrap().strip_prefix("../functions/").unwrap()
}

#[test]
fn the_template_has_the_routes_that_run_locally() {
    let template = template();
    let mut deployed = BTreeSet::new();
    for function in functions(&template) {
        let events = function["Properties"]["Events"].as_object();
        for event in events.into_iter().flat_map(|events| events.values()).filter(|event| event["Type"] == "HttpApi") {
            let (method, path) = (&event["Properties"]["Method"], &event["Properties"]["Path"]);
            let public = event["Properties"]["Auth"]["Authorizer"] == "NONE";
            deployed.insert((method.as_str().unwrap(), path.as_str().unwrap(), binary(function), public));
        }
    }
    let local: BTreeSet<_> =
        ROUTES.iter().map(|route| (route.method, route.path, route.function, route.public)).collect();
    assert_eq!(deployed, local);
}

#[test]
fn every_function_has_time_for_a_request_to_aws_and_a_request_for_a_second_attempt() {
    assert!(2 * ATTEMPT_TIMEOUT < OPERATION_TIMEOUT);
    let template = template();
    let globals = &template["Globals"]["Function"]["Timeout"];
    for function in functions(&template) {
        let timeout = function["Properties"]["Timeout"].as_u64().or(globals.as_u64()).unwrap();
        assert!(OPERATION_TIMEOUT < Duration::from_secs(timeout), "{}: {timeout} s", binary(function));
        // These functions record a message, send it, and record the outcome.
        if ["inbound-sms", "send-reply"].contains(&binary(function)) {
            assert!(2 * OPERATION_TIMEOUT + SEND_TIMEOUT < Duration::from_secs(timeout), "{}", binary(function));
        }
    }
}

#[test]
fn the_rule_of_the_template_lets_through_the_contact_events_that_the_local_one_does() {
    let template = template();
    let pattern = &template["Resources"]["CallEvents"]["Properties"]["EventPattern"]["detail"];
    assert_eq!(pattern["eventType"], json!(CONTACT_EVENTS));
    assert_eq!(pattern["tags"], json!({"appointmentId": [{"exists": true}]}));
}

#[test]
fn the_template_has_the_readers_of_the_stream_that_run_locally() {
    let template = template();
    let resources = template["Resources"].as_object().unwrap();
    let readers = resources.values().filter(|resource| resource["Type"] == "AWS::Lambda::EventSourceMapping");
    let mut deployed = BTreeSet::new();
    for reader in readers.map(|reader| &reader["Properties"]).filter(|it| it["EventSourceArn"] == "Table.StreamArn") {
        let number = |name: &str| reader[name].as_u64().unwrap();
        let function = binary(&resources[reader["FunctionName"].as_str().unwrap()]);
        deployed.insert((function, number("BatchSize"), number("MaximumRetryAttempts")));
    }
    let local: BTreeSet<_> = MAPPINGS
        .iter()
        .map(|reader| (reader.function, reader.batch_size as u64, u64::from(reader.maximum_retry_attempts)))
        .collect();
    assert_eq!(deployed, local);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_of_the_template_runs_locally() {
    let stack = TestStack::open().await;
    let template = template();
    let functions = functions(&template);
    assert_eq!(functions.len(), 16);
    for function in functions {
        // `invoke` panics if the local stack does not have the function.
        stack.invoke(binary(function), &json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_the_template_is_the_one_that_runs_locally() {
    let stack = TestStack::open().await;
    let local = stack.table("DescribeTable", json!({})).await["Table"].clone();
    let template = template();
    let deployed = &template["Resources"]["Table"]["Properties"];
    assert_eq!(deployed["KeySchema"], local["KeySchema"]);
    let attributes = |table: &Value| {
        let list = table["AttributeDefinitions"].as_array().unwrap().iter();
        list.map(ToString::to_string).collect::<BTreeSet<_>>()
    };
    assert_eq!(attributes(deployed), attributes(&local));
    let (there, here) = (&deployed["GlobalSecondaryIndexes"], &local["GlobalSecondaryIndexes"]);
    assert_eq!((there.as_array().unwrap().len(), here.as_array().unwrap().len()), (1, 1));
    for field in ["IndexName", "KeySchema", "Projection"] {
        assert_eq!(there[0][field], here[0][field], "{field}");
    }
    let stream = |table: &Value| table["StreamSpecification"]["StreamViewType"].clone();
    assert_eq!(stream(deployed), stream(&local));
    let ttl = stack.table("DescribeTimeToLive", json!({})).await;
    assert_eq!(deployed["TimeToLiveSpecification"]["AttributeName"], ttl["TimeToLiveDescription"]["AttributeName"]);
}

#[test]
fn every_alarm_on_what_the_functions_count_names_something_that_they_count() {
    let template = template();
    let resources = template["Resources"].as_object().unwrap();
    // An alarm is on one metric or on a sum of several.
    let added = |it: &Value| it["Metrics"].as_array().cloned().unwrap_or_default();
    let metrics = resources.values().map(|it| &it["Properties"]).flat_map(|it| {
        added(it).iter().map(|of| of["MetricStat"]["Metric"].clone()).chain([it.clone()]).collect::<Vec<_>>()
    });
    let mut watched = BTreeSet::new();
    for alarm in metrics.filter(|it| it["Namespace"] == NAMESPACE) {
        assert_eq!(alarm["Dimensions"][0]["Name"], "Function", "the one that they count by");
        let by = alarm["Dimensions"][1].as_object().map(|by| (by["Name"].as_str(), by["Value"].as_str()));
        // Other tests check that the metrics are counted with these dimensions: those of the company's daily limit, and
        // those of failures.
        let known = [("Limit", "CompanyDay"), ("Cause", "Ours"), ("Cause", "Service"), ("Cause", "Keys")];
        assert!(by.is_none_or(|by| known.map(|(name, value)| (Some(name), Some(value))).contains(&by)), "{by:?}");
        watched.insert(alarm["MetricName"].as_str().unwrap().to_owned());
    }
    let alarming = [
        Metric::SendFailed,
        Metric::SendLimited,
        Metric::Undelivered,
        Metric::PushDelivered,
        Metric::PushRefused,
        Metric::PushAbandoned,
        Metric::CustomerDataLimited,
        Metric::Heartbeat,
        Metric::LineFaults,
        Metric::SignInUnavailable,
        Metric::OriginSecretOverdue,
    ];
    assert_eq!(watched, alarming.map(|metric| metric.to_string()).into());
}

#[test]
fn the_template_limits_what_is_sent_as_the_local_stack_does_unless_told_otherwise() {
    let template = template();
    let given = |function: &str, variable: &str| {
        let function = functions(&template).into_iter().find(|it| binary(it) == function).unwrap();
        let parameter = function["Properties"]["Environment"]["Variables"][variable].as_str().unwrap();
        template["Parameters"][parameter]["Default"].as_str().unwrap()
    };
    let default = |variable| given("send-reply", variable);
    let allowance = |variable| default(variable).parse().unwrap();
    let lookups = |variable| given("edit-appointment", variable).parse().unwrap();
    let deployed = SendingLimits {
        staff: allowance("SWITCHBOARD_STAFF_LIMITS"),
        company: allowance("SWITCHBOARD_COMPANY_LIMITS"),
        number: allowance("SWITCHBOARD_NUMBER_LIMITS"),
        countries: Vec::new(),
        usage: UsageLimits {
            staff_lookups: lookups("SWITCHBOARD_STAFF_LOOKUPS"),
            company_lookups: lookups("SWITCHBOARD_COMPANY_LOOKUPS"),
            ..UsageLimits::default()
        },
    };
    assert_eq!((deployed, default("SWITCHBOARD_ALLOWED_COUNTRIES")), (SendingLimits::default(), ""));
}

/// CloudFront caches no error response: neither the API's, nor a WebSocket handshake's, nor that of a missing page. All
/// visitors request the same addresses.
#[test]
fn the_distribution_of_the_template_keeps_no_error_for_the_next_who_asks() {
    let template = template();
    let config = &template["Resources"]["Distribution"]["Properties"]["DistributionConfig"];
    let errors = config["CustomErrorResponses"].as_array().unwrap();
    let kept: Vec<_> = errors.iter().filter(|error| error["ErrorCachingMinTTL"] != 0).collect();
    assert!(kept.is_empty(), "{kept:?}");
    assert!(errors.iter().any(|error| error["ErrorCode"] == 403), "a denied handshake is answered so");
    let live = config["CacheBehaviors"].as_array().unwrap().iter().find(|it| it["PathPattern"] == "/live").unwrap();
    // The id of AWS's managed policy `CachingDisabled`.
    assert_eq!(live["CachePolicyId"], "4135ea2d-6df8-44a3-9df3-4b5a84be39ad");
}

#[test]
fn the_distribution_of_the_template_has_the_headers_that_the_local_stack_has() {
    let template = template();
    let policy = &template["Resources"]["SecurityHeaders"]["Properties"]["ResponseHeadersPolicyConfig"];
    let (security, custom) = (&policy["SecurityHeadersConfig"], &policy["CustomHeadersConfig"]["Items"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut deployed = BTreeSet::from([
        ("content-security-policy".to_owned(), text(&security["ContentSecurityPolicy"]["ContentSecurityPolicy"])),
        ("referrer-policy".to_owned(), text(&security["ReferrerPolicy"]["ReferrerPolicy"])),
    ]);
    let transport = &security["StrictTransportSecurity"];
    assert_eq!(transport["IncludeSubdomains"], true);
    let seconds = transport["AccessControlMaxAgeSec"].as_u64().unwrap();
    deployed.insert(("strict-transport-security".to_owned(), format!("max-age={seconds}; includeSubDomains")));
    assert!(security["ContentTypeOptions"].is_object());
    deployed.insert(("x-content-type-options".to_owned(), "nosniff".to_owned()));
    deployed.extend(custom.as_array().unwrap().iter().map(|header| (text(&header["Header"]), text(&header["Value"]))));
    let local = static_site::SECURITY_HEADERS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(deployed, BTreeSet::from(local));
}
