//! The push notification settings: a member of staff's browsers, which messages they want, and what the company's
//! notifications show.

use domain::{Browser, PushFailure, PushPreference, PushProblem};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::icon::{Icon, icon};
use crate::moment::{TimeFormat, moment};
use crate::text::text;

/// The data of a member of staff's settings page.
#[derive(Clone, Copy, Debug)]
pub struct PushSettingsView<'a> {
    /// The public key that browsers subscribe with; `None` if no key exists yet.
    pub key: Option<&'a str>,
    pub browsers: &'a [Browser],
    pub messages: PushPreference,
    /// Whether push notifications show a message's text.
    pub shows_text: bool,
    /// The company's name.
    pub company: &'a str,
    /// The number of the company's conversations that wait for an answer.
    pub unanswered: u32,
}

/// Renders the content of the page's `#push-settings`, which is also the response to each of its forms.
///
/// A script on the page marks the current browser (`.this-browser` in the row with its id). The script also requests
/// the test notifications (`button[data-push-test]`), since their result appears in that browser.
#[must_use]
pub fn push_settings(view: &PushSettingsView<'_>) -> Markup {
    html! {
        div.push-settings {
            @if view.key.is_none() {
                p.problem {
                    (icon(Icon::Warning)) " "
                    "Notifications are not set up yet, so they cannot be turned on. Ask your administrator."
                }
            }
            div.push-part {
                h2 id="push-browsers" { "Your browsers" }
                @if view.browsers.is_empty() {
                    p.empty {
                        "Notifications are not on in any browser. Turn them on with the bell, in each browser in which \
                         you want them."
                    }
                } @else {
                    ul.browsers aria-labelledby="push-browsers" {
                        @for browser in view.browsers { (row(browser)) }
                    }
                }
            }
            (choice(view.messages))
            (setting(view.shows_text, view.company))
            div.problem-place role="alert" {}
        }
    }
}

fn row(browser: &Browser) -> Markup {
    let id = browser.id();
    html! {
        li.browser data-subscription=(id) {
            div.browser-what {
                strong.browser-name { (text(&browser.name)) }
                span.this-browser {}
                p.browser-facts {
                    span { "On since " (moment(browser.since, TimeFormat::Day)) }
                    @match browser.last_delivery {
                        Some(at) => span { "Last notification " (moment(at, TimeFormat::Day)) },
                        None => span { "No notification yet" },
                    }
                }
                @if let Some(problem) = browser.last_problem {
                    @let at = moment(problem.at, TimeFormat::Day);
                    @if is_over(browser) {
                        p.hint { "Last problem " (at) ": " (sentence(browser, problem.what)) }
                    } @else {
                        p.problem.browser-problem { (icon(Icon::Warning)) " " (sentence(browser, problem.what)) " " (at) }
                    }
                }
                p.browser-test role="status" {}
            }
            div.browser-does {
                button.button type="button" data-push-test=(id) { "Send a test" }
                button.button.quiet type="button" hx-delete={ "/api/push-subscriptions/" (id) }
                    hx-target="#push-settings" hx-swap="innerHTML" hx-disable="this" data-push-remove=(id)
                    aria-label={ "Remove " (browser.name) } { "Remove" }
            }
        }
    }
}

fn choice(messages: PushPreference) -> Markup {
    html! {
        form.push-part id="push-choice" hx-post="/api/push-settings" hx-target="#push-settings" hx-swap="innerHTML"
            hx-disable="find button" method="post" {
            fieldset {
                legend { "Which messages you are notified of" }
                label.option {
                    input type="radio" name="messages" value="all" checked[messages == PushPreference::All];
                    span { "All messages" }
                }
                label.option {
                    input type="radio" name="messages" value="mine" checked[messages == PushPreference::Mine];
                    span { "Only those of my appointments" }
                }
                p.hint { "In all of your browsers." }
            }
            div.form-foot { button.button.go type="submit" { "Save" } }
        }
    }
}

fn setting(shows_text: bool, company: &str) -> Markup {
    html! {
        form.push-part id="push-company" hx-post="/api/push-settings" hx-target="#push-settings" hx-swap="innerHTML"
            hx-disable="find button" method="post" {
            fieldset {
                legend { "What notifications show, for everybody at " (text(company)) }
                label.option {
                    input type="radio" name="showsText" value="true" checked[shows_text];
                    span { "Who wrote, the text, and the customer’s next appointment" }
                }
                label.option {
                    input type="radio" name="showsText" value="false" checked[!shows_text];
                    span { "Only “New message”" }
                }
                p.hint { "Whoever sees a locked screen sees the notifications on it. In force from the next message." }
            }
            div.form-foot { button.button.go type="submit" { "Save" } }
        }
    }
}

/// Returns the settings as JSON.
#[must_use]
pub fn push_settings_json(view: &PushSettingsView<'_>) -> Value {
    json!({
        "key": view.key,
        "browsers": view.browsers.iter().map(browser_json).collect::<Vec<_>>(),
        "messages": view.messages,
        "showsText": view.shows_text,
        "unanswered": view.unanswered,
    })
}

/// Returns a saved subscription as JSON, with the public key and the number of unanswered conversations.
#[must_use]
pub fn subscribed_browser_json(browser: &Browser, key: &str, unanswered: u32) -> Value {
    let mut kept = browser_json(browser);
    kept["key"] = json!(key);
    kept["unanswered"] = json!(unanswered);
    kept
}

fn browser_json(browser: &Browser) -> Value {
    json!({
        "id": browser.id().to_string(),
        "name": browser.name,
        "since": browser.since.to_string(),
        "lastDelivery": browser.last_delivery.map(|at| at.to_string()),
        "lastProblem": browser.last_problem.map(|PushProblem { what, at, .. }| {
            let over = is_over(browser);
            json!({
                "what": sentence(browser, what), "at": at.to_string(), "lasts": !over && what.lasts(), "over": over,
            })
        }),
    })
}

/// Returns whether the browser's last problem is over.
fn is_over(browser: &Browser) -> bool {
    browser.problem().is_none()
}

/// Returns the problem and its current effect as a sentence.
fn sentence(browser: &Browser, what: PushFailure) -> String {
    let follows = if is_over(browser) { "Notifications have arrived since." } else { what.advice() };
    format!("{} {follows}", what.sentence())
}

#[cfg(test)]
mod tests {
    use domain::{PushEndpoint, PushSubscription, Timestamp};

    use super::*;

    fn browser(name: &str) -> Browser {
        Browser {
            company: "harbor-dental".parse().unwrap(),
            staff: "dana".parse().unwrap(),
            subscription: PushSubscription {
                endpoint: PushEndpoint::new("https://push.example/secret".to_owned()),
                p256dh: "secret".to_owned(),
                auth: "secret".to_owned(),
                key: "key".to_owned(),
            },
            name: name.to_owned(),
            since: Timestamp::from_millis(1_732_250_000_000),
            last_delivery: None,
            last_problem: Some(PushProblem {
                what: PushFailure::Unreachable,
                at: Timestamp::from_millis(1_732_250_060_000),
                not_before: None,
            }),
            test: None,
        }
    }

    fn view(browsers: &[Browser]) -> PushSettingsView<'_> {
        PushSettingsView {
            key: Some("key"),
            browsers,
            messages: PushPreference::Mine,
            shows_text: false,
            company: "Harbor <Dental>",
            unanswered: 3,
        }
    }

    #[test]
    fn nothing_of_a_subscription_is_shown_but_its_id() {
        let browsers = [browser("Firefox on <Linux>")];
        let view = view(&browsers);
        let id = browsers[0].id().to_string();
        for shown in [push_settings(&view).into_string(), push_settings_json(&view).to_string()] {
            assert!(shown.contains(&id) && !shown.contains("secret") && !shown.contains("push.example"), "{shown}");
        }
        let shown = push_settings(&view).into_string();
        assert!(!shown.contains("<Linux>") && !shown.contains("<Dental>"), "{shown}");
        assert!(shown.contains("could not be reached"), "{shown}");
    }

    #[test]
    fn a_problem_is_one_until_something_is_delivered_and_is_known_after_that() {
        let shown = |browser: Browser| push_settings(&view(&[browser])).into_string();
        let problem = browser("Firefox").last_problem.unwrap();
        for before in [None, Some(Timestamp::from_millis(problem.at.as_millis() - 1))] {
            let shown = shown(Browser { last_delivery: before, ..browser("Firefox") });
            assert!(shown.contains("browser-problem") && shown.contains("are tried again for a while"), "{shown}");
        }
        let after = Some(Timestamp::from_millis(problem.at.as_millis() + 1));
        let shown = shown(Browser { last_delivery: after, ..browser("Firefox") });
        assert!(!shown.contains("browser-problem") && !shown.contains("tried again"), "{shown}");
        assert!(shown.contains("could not be reached. Notifications have arrived since."), "{shown}");
    }

    #[test]
    fn what_is_chosen_is_what_is_checked() {
        let shown = push_settings(&view(&[])).into_string();
        assert!(shown.contains(r#"value="mine" checked"#) && shown.contains(r#"value="false" checked"#), "{shown}");
        assert_eq!(shown.matches(" checked").count(), 2);
        assert!(shown.contains("not on in any browser"), "{shown}");
    }
}
