//! The list of the sessions of the signed-in member of staff.

use domain::ListedSession;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::moment::{TimeFormat, moment};
use crate::text::text;

/// Renders the content of the page's `#sessions`.
///
/// The content is also the response to each button except "Sign out everywhere…". That button also ends the session of
/// this page, so `sessions.js` asks for confirmation and sends the request.
#[must_use]
pub fn own_sessions(sessions: &[ListedSession]) -> Markup {
    let has_others = sessions.iter().any(|session| !session.is_this);
    html! {
        div.push-settings {
            div.push-part {
                ul.browsers aria-labelledby="sessions-title" {
                    @for session in sessions { (row(session)) }
                }
                @if !has_others {
                    p.empty { "You are signed in nowhere else." }
                }
            }
            @if has_others {
                div.push-part.ends-sessions {
                    button.button type="button" hx-delete="/api/sessions?others=true" hx-target="#sessions"
                        hx-swap="innerHTML" hx-disable="this" { "Sign out everywhere else" }
                    button.button.stop type="button" id="sign-out-everywhere" { "Sign out everywhere…" }
                }
            }
            div.problem-place role="alert" {}
        }
    }
}

fn row(session: &ListedSession) -> Markup {
    let id = session.session.id();
    let name = name(session);
    html! {
        li.browser {
            div.browser-what {
                strong.browser-name { (text(name)) }
                @if session.is_this { span.this-browser { "This browser" } }
                p.browser-facts {
                    span { "Signed in " (moment(session.began, TimeFormat::Day)) }
                    span { "Last used " (moment(session.last_use, TimeFormat::Day)) }
                }
            }
            // The page's header has the sign-out button of this session.
            @if !session.is_this {
                div.browser-does {
                    button.button type="button" hx-delete={ "/api/sessions/" (id) } hx-target="#sessions"
                        hx-swap="innerHTML" hx-disable="this" aria-label={ "Sign out " (name) } { "Sign out" }
                }
            }
        }
    }
}

/// Returns a session as JSON.
#[must_use]
pub fn own_session_json(session: &ListedSession) -> Value {
    json!({
        "id": session.session.id().to_string(),
        "browser": name(session),
        "since": session.began.to_string(),
        "lastUse": session.last_use.to_string(),
        "isThis": session.is_this,
    })
}

/// Returns the name of the browser. Sessions that older versions recorded have no name.
fn name(session: &ListedSession) -> &str {
    if session.browser.is_empty() { "A browser" } else { &session.browser }
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, TokenHash};

    use super::*;

    fn session(browser: &str, is_this: bool) -> ListedSession {
        ListedSession {
            session: TokenHash::new(browser.to_owned()),
            browser: browser.to_owned(),
            began: Timestamp::from_millis(1_732_250_000_000),
            last_use: Timestamp::from_millis(1_732_250_060_000),
            is_this,
        }
    }

    #[test]
    fn what_the_table_knows_a_session_by_is_not_shown() {
        let session = session("secret", false);
        let session = ListedSession { browser: "Firefox on <Linux>".to_owned(), ..session };
        let id = session.session.id().to_string();
        let json = own_session_json(&session).to_string();
        for shown in [own_sessions(&[session]).into_string(), json] {
            assert!(shown.contains(&id) && !shown.contains("secret"), "{shown}");
        }
    }

    #[test]
    fn the_browser_that_asks_is_marked_and_ended_by_the_header_only() {
        let alone = own_sessions(&[session("Firefox on Linux", true)]).into_string();
        assert!(alone.contains("This browser") && alone.contains("signed in nowhere else"), "{alone}");
        assert!(!alone.contains("<button"), "{alone}");
        let both = own_sessions(&[session("Firefox on Linux", true), session("", false)]).into_string();
        assert!(both.contains(r#"aria-label="Sign out A browser""#) && both.contains("?others=true"), "{both}");
        assert_eq!(both.matches("This browser").count(), 1);
    }
}
