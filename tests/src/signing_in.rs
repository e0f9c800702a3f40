use crate::{Answer, House};

const ATTEMPT: &str = "__Host-switchboard-signing-in";

/// A browser between the portal and the identity provider.
pub struct SigningIn<'a> {
    house: &'a House,
    /// The cookie that the attempt is kept in.
    pub attempt: String,
    /// Where the portal sent the browser.
    pub address: reqwest::Url,
}

impl<'a> SigningIn<'a> {
    pub(crate) async fn begin(house: &'a House, path: &str) -> Self {
        let answer = house.get(path).await;
        let address = answer.header("location").and_then(|address| address.parse().ok());
        let attempt = answer.cookie(ATTEMPT);
        match (address, attempt) {
            (Some(address), Some(attempt)) => Self { house, attempt, address },
            _ => panic!("sent nowhere: {} {}", answer.status, answer.body),
        }
    }

    /// What the portal asked of the provider.
    #[must_use]
    pub fn asked(&self, name: &str) -> Option<String> {
        self.address.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// Picks a person, `<company>.<person>`, at the provider. Gives where that leads: path and query.
    pub async fn picks(&mut self, staff: &str) -> String {
        let mut form: Vec<_> = self.address.query_pairs().into_owned().collect();
        form.push(("staff".to_owned(), staff.to_owned()));
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = self.house.post_form(self.address.path(), &form).await;
        let back: reqwest::Url = answer.header("location").and_then(|back| back.parse().ok()).unwrap_or_else(|| {
            panic!("{staff} cannot be picked: {}", answer.body);
        });
        format!("{}?{}", back.path(), back.query().unwrap_or_default())
    }

    /// Follows the provider back to the portal.
    pub async fn comes_back(&self, callback: &str) -> Answer {
        let request = self.house.http.get(self.house.url(callback)).header("cookie", &self.attempt);
        Answer::read(request.send().await.expect("an answer")).await
    }
}
