use reqwest::Response;
use serde_json::Value;

/// What a door answered.
#[derive(Clone, Debug)]
pub struct TestResponse {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
}

impl TestResponse {
    pub(crate) async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.text().await.expect("an answer has a body") }
    }

    /// What a request is answered.
    pub async fn from_request(request: reqwest::RequestBuilder) -> Self {
        Self::read(request.send().await.expect("an answer")).await
    }

    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The cookies that are set, as they are to be sent back.
    #[must_use]
    pub fn set_cookies(&self) -> Vec<String> {
        let set = self.headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
        let pairs = set.filter_map(|cookie| cookie.split(';').next());
        pairs.filter(|pair| !pair.ends_with('=')).map(str::to_owned).collect()
    }

    /// One of them.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        let mut set = self.set_cookies().into_iter();
        set.find(|pair| pair.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
    }

    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.body))
    }

    /// The items of a list.
    #[must_use]
    pub fn items(&self) -> Vec<Value> {
        self.json()["items"].as_array().unwrap_or_else(|| panic!("not a list: {} {}", self.status, self.body)).clone()
    }

    /// The texts of a list's items.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.items().iter().map(|item| item["text"].as_str().expect("an item has a text").to_owned()).collect()
    }

    /// The address of a list's next older page.
    #[must_use]
    pub fn next(&self) -> Option<String> {
        self.json()["next"].as_str().map(str::to_owned)
    }

    /// The code of a problem.
    #[must_use]
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The sentence of a problem.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }
}
