use std::collections::BTreeMap;

use crate::{TestResponse, TestStack};

/// The cookies of one browser, shared by all of its tabs.
pub struct CookieJar<'a> {
    stack: &'a TestStack,
    /// The values of the cookies, by name.
    pub cookies: BTreeMap<String, String>,
}

impl<'a> CookieJar<'a> {
    pub(crate) fn empty(stack: &'a TestStack) -> Self {
        Self { stack, cookies: BTreeMap::new() }
    }

    /// Requests a page or an API address, and applies the `Set-Cookie` headers of the response.
    pub async fn goes_to(&mut self, path: &str) -> TestResponse {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.stack.http.get(self.stack.url(path)).header("accept", "application/json");
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        let answer = TestResponse::read(request.send().await.expect("an answer")).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("a cookie is text");
            let (pair, attributes) = cookie.split_once(';').expect("a cookie has attributes");
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            if attributes.split(';').any(|attribute| attribute.trim() == "Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Requests a page without a session, follows the redirect to the identity provider, and picks
    /// `<company>.<person>` there. Returns the URL of the callback.
    pub async fn begins(&mut self, path: &str, staff: &str) -> String {
        let answer = self.goes_to(path).await;
        let address = answer.header("location").and_then(|address| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("sent nowhere: {} {}", answer.status, answer.body));
        self.stack.picks(&address, staff).await
    }
}
