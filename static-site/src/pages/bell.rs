use maud::{Markup, html};

use super::{HELP_WITH_PUSH, SETTINGS};

/// Renders the bell in the header, with a panel for push notifications in this browser. `bell.js` finds out which state
/// applies.
pub(super) fn bell() -> Markup {
    html! {
        button.quiet.bell id="bell" type="button" popovertarget="bell-panel" title="Notifications in this browser" {
            svg.icon viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" {
                path d="M6 17V11a6 6 0 0 1 12 0v6l1.5 1.5h-15zM10 21h4" {}
                path.bell-slash d="M4 4l16 17" {}
                g.bell-mark { circle cx="18.5" cy="6" r="5.5" {} path d="M18.5 3.5v3M18.5 8.4v.1" {} }
            }
            span.visually-hidden { "Notifications: " }
            span.bell-word {}
        }
        section.bell-panel id="bell-panel" popover aria-labelledby="bell-title" {
            h2 id="bell-title" { "Notifications in this browser" }
            div data-bell="off" hidden {
                p { "Be told of a new SMS in the corner of your screen, whatever is on it, and with Switchboard closed." }
                button.button.go data-does="on" type="button" { "Turn on" }
            }
            div data-bell="on" hidden {
                p { "On. A new SMS shows in the corner of your screen, also when Switchboard is closed." }
                div.bell-buttons {
                    button.button data-does="test" type="button" { "Send a test" }
                    button.button data-does="off" type="button" { "Turn off" }
                }
                p.bell-test id="bell-test" role="status" {}
            }
            div data-bell="denied" hidden {
                p { "This browser is told to show none from Switchboard. Only you can allow them again, in its settings for this site." }
                p { a href={ (HELP_WITH_PUSH) "#denied" } { "How to allow them again" } }
            }
            div data-bell="unsupported" hidden {
                p { "This browser cannot show them: it is too old for it, or this is a private window." }
                p { a href={ (HELP_WITH_PUSH) "#which" } { "Which browsers can" } }
            }
            div data-bell="install" hidden {
                p { "On an iPhone or iPad, Switchboard has to be on the Home Screen first: tap Share, then Add to Home Screen, and open it from there." }
                p { a href={ (HELP_WITH_PUSH) "#iphone" } { "Step by step, with pictures" } }
            }
            div data-bell="again" hidden {
                p { "To be told here, sign in once more: so nobody else turns this on in your name." }
                p { a.button.go id="bell-again" { "Sign in again" } }
            }
            div data-bell="broken" hidden {
                p.problem id="bell-why" {}
                div.bell-buttons {
                    button.button.go data-does="on" type="button" { "Try again" }
                    button.button data-does="off" type="button" { "Turn off" }
                }
            }
            p.bell-note id="bell-note" role="status" {}
            p.bell-links {
                a href=(SETTINGS) { "Notifications settings" }
                a href=(HELP_WITH_PUSH) { "Help" }
            }
        }
    }
}
