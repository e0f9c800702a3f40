use std::collections::BTreeMap;
use std::path::Path;

use domain::{SendingLimits, UsageLimits};
use local::{DataLocation, DeliveryOutcome, MAPPINGS, OptOutManagement, SocketLimits, Stack, StackOptions};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use sms::{EndUserMessagingSettings, SmsProvider};

use crate::{
    CookieJar, CustomerPhone, FaultyGateway, ManualClock, NOBODY_LISTENS, PushService, SignInFlow, StaffClient,
    TestResponse,
};

/// The lines of the two companies in every stack.
pub const HARBOR: &str = "+12065550142";
pub const HARBOR_SECOND: &str = "+12065550167";
pub const TIDEWATER: &str = "+61491570006";

/// The name of the session cookie in a stack without TLS.
pub const SESSION_COOKIE: &str = "switchboard";

/// A local stack and an HTTP client for it.
pub struct TestStack {
    stack: Stack,
    pub(crate) http: reqwest::Client,
}

/// The response of Lambda's Invoke API.
#[derive(Clone, Debug)]
pub struct InvokeResult {
    /// Whether `X-Amz-Function-Error` says that the function failed.
    pub failed: bool,
    pub payload: Value,
}

/// The requests that functions made to the table, and the capacity units that they used.
#[derive(Clone, Debug, PartialEq)]
pub struct TableUsage {
    pub requests: Vec<(String, u64)>,
    pub units: f64,
}

impl TestStack {
    /// Starts a stack with two companies, their lines and their staff, without messages. The stack keeps its data in
    /// memory.
    pub async fn open() -> Self {
        Self::start(Self::plain()).await
    }

    /// Starts a stack that may push to a local push service.
    pub async fn with_push_service(service: &PushService) -> Self {
        Self::with_push_services(&[service]).await
    }

    pub async fn with_push_services(services: &[&PushService]) -> Self {
        Self::start(StackOptions { push_services: origins(services), ..Self::plain() }).await
    }

    /// Starts a stack that keeps its data in a folder.
    pub async fn open_in(folder: &Path) -> Self {
        Self::open_with_push_services_in(folder, &[]).await
    }

    pub async fn open_with_push_services_in(folder: &Path, services: &[&PushService]) -> Self {
        let data = DataLocation::In(folder.to_owned());
        Self::start(StackOptions { data, push_services: origins(services), ..Self::plain() }).await
    }

    /// Starts a stack whose gateway applies other limits to WebSockets.
    pub async fn with_sockets_kept(sockets: SocketLimits) -> Self {
        Self::start(StackOptions { sockets, ..Self::plain() }).await
    }

    /// Starts a stack behind a gateway that can fail.
    pub async fn open_behind(gateway: &FaultyGateway) -> Self {
        let stack =
            Self::start(StackOptions { connections: Some(gateway.address().to_owned()), ..Self::plain() }).await;
        gateway.set_stack(&stack);
        stack
    }

    /// Starts a stack that sends SMS through Amazon SNS.
    pub async fn sending_by_sns() -> Self {
        Self::start(StackOptions { sms: SmsProvider::Sns { max_price: None }, ..Self::plain() }).await
    }

    /// Starts a stack with self-managed opt-outs: Switchboard handles SMS keywords, not the SMS service.
    pub async fn with_self_managed_opt_outs(limits: SendingLimits) -> Self {
        Self::start(StackOptions { opt_outs: OptOutManagement::ByUs, limits, ..Self::plain() }).await
    }

    /// Starts a stack with other sending limits and a manual clock.
    pub async fn with_limits(limits: SendingLimits, clock: &ManualClock) -> Self {
        Self::start(StackOptions { limits, clock: clock.clock(), ..Self::plain() }).await
    }

    /// Starts a stack with a manual clock in which unused sessions end after `idle_minutes`.
    pub async fn ending_idle_sessions(idle_minutes: u16, clock: &ManualClock) -> Self {
        Self::start(StackOptions { idle_minutes: Some(idle_minutes), clock: clock.clock(), ..Self::plain() }).await
    }

    /// Returns limits that no test reaches by accident. Tests send more than people do, to the countries of both
    /// companies.
    #[must_use]
    pub fn limits() -> SendingLimits {
        let [staff, company, number] = ["999999/999999"; 3].map(|allowed| allowed.parse().expect("an allowance"));
        let countries = ["US", "AU"].map(|code| code.parse().expect("a country")).into();
        let usage = UsageLimits {
            staff_lookups: staff,
            company_lookups: company,
            staff_writes: u32::MAX,
            program_writes: u32::MAX,
            company_writes: u32::MAX,
            ..UsageLimits::default()
        };
        SendingLimits { staff, company, number, countries, usage }
    }

    /// Starts a stack behind CloudFront: requests need a valid origin secret. The client sends `value` as the secret
    /// with every request.
    pub async fn behind_cloudfront(secret: &Value, value: &str, clock: &ManualClock) -> Self {
        let options = StackOptions { origin_secret: Some(secret.to_string()), clock: clock.clock(), ..Self::plain() };
        let shown = HeaderValue::from_str(value).expect("a header's value");
        let shown = [(HeaderName::from_static(origin_secret::HEADER), shown)].into_iter().collect();
        Self::start_with(options, reqwest::Client::builder().default_headers(shown)).await
    }

    fn plain() -> StackOptions {
        StackOptions {
            port: 0,
            data: DataLocation::InMemory,
            demo: false,
            sockets: SocketLimits::default(),
            push_services: origins(&[]),
            connections: None,
            sms: SmsProvider::EndUserMessaging(EndUserMessagingSettings::default()),
            limits: Self::limits(),
            fate: DeliveryOutcome::Untold,
            opt_outs: OptOutManagement::ByTheService,
            idle_minutes: None,
            origin_secret: None,
            clock: runtime::wall_clock(),
        }
    }

    async fn start(options: StackOptions) -> Self {
        Self::start_with(options, reqwest::Client::builder()).await
    }

    async fn start_with(options: StackOptions, client: reqwest::ClientBuilder) -> Self {
        let stack = Box::pin(Stack::start(options)).await.expect("the stack starts");
        let http = client.redirect(Policy::none()).build().expect("a client");
        Self { stack, http }
    }

    pub async fn close(self) {
        self.stack.stop().await;
    }

    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.stack.address().replace("localhost", "127.0.0.1"))
    }

    /// Returns the `Origin` that a browser sends for the portal's own pages.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.stack.address()
    }

    /// Signs in a member of staff, `<company>.<person>`.
    pub async fn sign_in(&self, staff: &str) -> StaffClient<'_> {
        self.sign_in_with(staff, "").await
    }

    /// Signs in a member of staff in a browser with this `User-Agent`.
    pub async fn sign_in_with(&self, staff: &str, user_agent: &str) -> StaffClient<'_> {
        let mut begun = self.begins_to_sign_in("/api/sign-in").await;
        let callback = begun.picks(staff).await;
        let cookie = begun.comes_back_with(&callback, user_agent).await.cookie(SESSION_COOKIE);
        StaffClient { stack: self, cookie: cookie.unwrap_or_else(|| panic!("{staff} cannot sign in")) }
    }

    /// Begins to sign in at `path`, up to the redirect to the identity provider.
    pub async fn begins_to_sign_in(&self, path: &str) -> SignInFlow<'_> {
        SignInFlow::begin(self, path).await
    }

    /// Returns a browser without cookies.
    #[must_use]
    pub fn browser(&self) -> CookieJar<'_> {
        CookieJar::empty(self)
    }

    pub async fn dana(&self) -> StaffClient<'_> {
        self.sign_in("harbor-dental.dana").await
    }

    pub async fn josie(&self) -> StaffClient<'_> {
        self.sign_in("tidewater-physio.josie").await
    }

    #[must_use]
    pub fn phone(&self, number: &str) -> CustomerPhone<'_> {
        CustomerPhone { stack: self, number: number.to_owned() }
    }

    pub async fn get(&self, path: &str) -> TestResponse {
        TestResponse::read(self.http.get(self.url(path)).send().await.expect("an answer")).await
    }

    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> TestResponse {
        TestResponse::read(self.http.post(self.url(path)).form(fields).send().await.expect("an answer")).await
    }

    /// Sends the CORS preflight request that precedes a write by another site's page.
    pub async fn preflight(&self, path: &str, origin: &str) -> TestResponse {
        let request = self.http.request(reqwest::Method::OPTIONS, self.url(path)).header("origin", origin);
        let request = request.header("access-control-request-method", "PUT");
        TestResponse::read(request.send().await.expect("an answer")).await
    }

    /// Invokes a function with an event, as `aws lambda invoke` does.
    pub async fn invoke(&self, function: &str, event: &Value) -> InvokeResult {
        let url = self.url(&format!("/2015-03-31/functions/{function}/invocations"));
        let answer =
            TestResponse::read(self.http.post(url).body(event.to_string()).send().await.expect("an answer")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        InvokeResult { failed: answer.header("x-amz-function-error").is_some(), payload: answer.json() }
    }

    /// Passes an event to `inbound-sms`. Returns the ids of the records that failed.
    pub async fn deliver(&self, event: &Value) -> Vec<String> {
        let invoked = self.invoke("inbound-sms", event).await;
        assert!(!invoked.failed, "{}", invoked.payload);
        let failures = invoked.payload["batchItemFailures"].as_array().expect("a batch response").clone();
        failures.iter().map(|failure| failure["itemIdentifier"].as_str().expect("an id").to_owned()).collect()
    }

    /// Sends a request to DynamoDB itself, as any DynamoDB client does.
    pub async fn table(&self, operation: &str, mut request: Value) -> Value {
        if request.get("RequestItems").is_none() {
            request["TableName"] = json!(local::TABLE);
        }
        let answer = self
            .http
            .post(self.url("/"))
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0")
            .header("x-amz-date", "20260101T000000Z")
            .body(request.to_string())
            .send()
            .await
            .expect("an answer");
        let answer = TestResponse::read(answer).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Writes a secret, as an operator does.
    pub async fn puts_secret(&self, name: &str, value: &str) {
        let request = self.http.post(self.url("/")).header("x-amz-target", "secretsmanager.PutSecretValue");
        let request = request.body(json!({"SecretId": name, "SecretString": value}).to_string());
        let answer = TestResponse::read(request.send().await.expect("an answer")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Adds a line to Harbor Dental: a copy of the company's first line with another number.
    pub async fn adds_line(&self, number: &str) {
        let key = json!({"pk": {"S": format!("LINE#{HARBOR}")}, "sk": {"S": "LINE"}});
        let mut item = self.table("GetItem", json!({"Key": key})).await["Item"].clone();
        let (pk, recent) = (format!("LINE#{number}"), format!("LINE#{number}#LINE"));
        for (field, value) in [("pk", pk.as_str()), ("number", number), ("recent_sk", recent.as_str())] {
            item[field] = json!({"S": value});
        }
        self.table("PutItem", json!({"Item": item})).await;
    }

    /// Returns the table usage of all functions except those that read the table's stream, which can run at any time.
    pub async fn usage(&self) -> TableUsage {
        self.usage_where(|function| !MAPPINGS.iter().any(|mapping| mapping.function == function)).await
    }

    /// Returns the table usage of one function.
    pub async fn usage_of(&self, function: &str) -> TableUsage {
        self.usage_where(|asking| asking == function).await
    }

    /// Returns the metrics of a function, by name.
    pub async fn metrics_of(&self, function: &str) -> Value {
        self.get("/local/metrics").await.json()[function].clone()
    }

    async fn usage_where(&self, counts: impl Fn(&str) -> bool) -> TableUsage {
        let usage = self.get("/local/table/usage").await.json();
        let (mut requests, mut units) = (BTreeMap::<String, u64>::new(), 0.0);
        for (_, counted) in usage.as_object().expect("counts").iter().filter(|(function, _)| counts(function)) {
            for (operation, count) in counted["requests"].as_object().expect("counts") {
                *requests.entry(operation.clone()).or_default() += count.as_u64().expect("a count");
            }
            units += counted["units"].as_f64().expect("units");
        }
        TableUsage { requests: requests.into_iter().collect(), units }
    }
}

impl TableUsage {
    /// Returns the usage since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = |operation: &str| {
            earlier.requests.iter().find(|(name, _)| name == operation).map_or(0, |(_, count)| *count)
        };
        let requests = self.requests.iter().map(|(operation, count)| (operation.clone(), count - before(operation)));
        Self { requests: requests.filter(|(_, count)| *count > 0).collect(), units: self.units - earlier.units }
    }

    /// Returns the requests by operation, as pairs that a test can compare with literals.
    #[must_use]
    pub fn counts(&self) -> Vec<(&str, u64)> {
        self.requests.iter().map(|(operation, count)| (operation.as_str(), *count)).collect()
    }
}

fn origins(services: &[&PushService]) -> Vec<String> {
    services.iter().map(|service| service.origin()).chain([NOBODY_LISTENS]).map(str::to_owned).collect()
}
