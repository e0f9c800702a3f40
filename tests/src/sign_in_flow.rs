use reqwest::Url;

use crate::{FaultyIssuer, TestResponse, TestStack};

/// The prefix of the cookies in which sign-in attempts are kept.
const ATTEMPT: &str = "switchboard-signing-in";

/// A browser between the portal and the identity provider.
pub struct SignInFlow<'a> {
    stack: &'a TestStack,
    /// The cookie in which the attempt is kept.
    pub attempt: String,
    /// The address to which the portal redirected the browser.
    pub address: Url,
}

impl<'a> SignInFlow<'a> {
    pub(crate) async fn begin(stack: &'a TestStack, path: &str) -> Self {
        let answer = stack.get(path).await;
        let address = answer.header("location").and_then(|address| address.parse().ok());
        let attempt = answer.set_cookies().into_iter().find(|cookie| cookie.starts_with(ATTEMPT));
        match (address, attempt) {
            (Some(address), Some(attempt)) => Self { stack, attempt, address },
            _ => panic!("sent nowhere: {} {}", answer.status, answer.body),
        }
    }

    /// Returns a parameter of the portal's request to the identity provider.
    #[must_use]
    pub fn query_parameter(&self, name: &str) -> Option<String> {
        self.address.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// Picks a person, `<company>.<person>`, at the identity provider. Returns the path and query of the redirect.
    pub async fn picks(&mut self, staff: &str) -> String {
        self.stack.picks(&self.address, staff).await
    }

    /// Follows the redirect of the identity provider to the portal.
    pub async fn comes_back(&self, callback: &str) -> TestResponse {
        self.comes_back_with(callback, "").await
    }

    /// Follows the redirect as a browser with this `User-Agent`.
    pub async fn comes_back_with(&self, callback: &str, user_agent: &str) -> TestResponse {
        let request = self.stack.http.get(self.stack.url(callback)).header("cookie", &self.attempt);
        TestResponse::read(request.header("user-agent", user_agent).send().await.expect("an answer")).await
    }
}

impl TestStack {
    /// Configures the stack to trust a test's issuer. Values of another issuer that `sign-in` has cached stay cached.
    pub async fn trusts(&self, issuer: &FaultyIssuer) {
        self.trusts_with(issuer, &[]).await;
    }

    /// Configures the stack to trust a test's issuer, with other values in the sign-in secret.
    pub async fn trusts_with(&self, issuer: &FaultyIssuer, words: &[(&str, &str)]) {
        let mut settings = issuer.client();
        settings["portal"] = self.origin().into();
        for (name, word) in words {
            settings[*name] = (*word).into();
        }
        self.puts_secret("switchboard/sign-in", &settings.to_string()).await;
    }

    /// Signs in at a test's issuer. Returns the last response.
    pub async fn comes_from(&self, issuer: &FaultyIssuer) -> TestResponse {
        self.comes_by("/api/sign-in", issuer).await
    }

    /// Signs in at a test's issuer, starting at `path`. Returns the last response.
    pub async fn comes_by(&self, path: &str, issuer: &FaultyIssuer) -> TestResponse {
        let answer = self.get(path).await;
        let Some(address) = answer.header("location").filter(|address| address.starts_with(issuer.address())) else {
            return answer;
        };
        let asked: Url = address.parse().expect("an address");
        let attempt = answer.set_cookies().into_iter().find(|cookie| cookie.starts_with(ATTEMPT)).expect("an attempt");
        let begun = SignInFlow { stack: self, attempt, address: asked };
        let (state, nonce) =
            (begun.query_parameter("state").expect("a state"), begun.query_parameter("nonce").expect("a nonce"));
        begun.comes_back(&format!("/api/sign-in/callback?code={nonce}&state={state}")).await
    }

    /// Picks a person at the local stack's own identity provider, to which the portal redirected a browser.
    pub(crate) async fn picks(&self, address: &Url, staff: &str) -> String {
        let mut form: Vec<_> = address.query_pairs().into_owned().collect();
        form.push(("staff".to_owned(), staff.to_owned()));
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = self.post_form(address.path(), &form).await;
        let back: Url = answer.header("location").and_then(|back| back.parse().ok()).unwrap_or_else(|| {
            panic!("{staff} cannot be picked: {}", answer.body);
        });
        format!("{}?{}", back.path(), back.query().unwrap_or_default())
    }
}
