use reqwest::Response;
use serde_json::Value;

/// The response to an HTTP request.
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

    /// Sends a request and reads its response.
    pub async fn from_request(request: reqwest::RequestBuilder) -> Self {
        Self::read(request.send().await.expect("an answer")).await
    }

    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the cookies of `Set-Cookie` headers as `name=value`, ready to be sent back. Cookies that are cleared are
    /// left out.
    #[must_use]
    pub fn set_cookies(&self) -> Vec<String> {
        let set = self.headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
        let pairs = set.filter_map(|cookie| cookie.split(';').next());
        pairs.filter(|pair| !pair.ends_with('=')).map(str::to_owned).collect()
    }

    /// Returns the cookie with this name as `name=value`.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        let mut set = self.set_cookies().into_iter();
        set.find(|pair| pair.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
    }

    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.body))
    }

    /// Returns the items of a list.
    #[must_use]
    pub fn items(&self) -> Vec<Value> {
        self.json()["items"].as_array().unwrap_or_else(|| panic!("not a list: {} {}", self.status, self.body)).clone()
    }

    /// Returns the texts of a list's items.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.items().iter().map(|item| item["text"].as_str().expect("an item has a text").to_owned()).collect()
    }

    /// Returns the address of a list's next older page.
    #[must_use]
    pub fn next(&self) -> Option<String> {
        self.json()["next"].as_str().map(str::to_owned)
    }

    /// Returns the code of an error response.
    #[must_use]
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns the message of an error response.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }
}
