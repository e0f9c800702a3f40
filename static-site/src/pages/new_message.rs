use maud::{Markup, html};
use views::{Icon, icon};

use super::{HeaderLink, portal};

pub(super) fn page() -> Markup {
    portal(
        "New message",
        HeaderLink::NewMessage,
        "dashboard",
        &html! {
            section.panel.narrow aria-labelledby="new-title" {
                header.panel-head { h1 id="new-title" { "New message" } }
                form.composer.first hx-post="/api/messages" method="post" hx-swap="none" hx-disable="find button" {
                    label for="to" { "Mobile number" }
                    input id="to" name="to" type="tel" inputmode="tel" autocomplete="off" required;
                    p.hint { "As you would dial it, or with + and the country code." }
                    label for="text" { "Message" }
                    textarea id="text" name="text" rows="4" aria-describedby="segments" required {}
                    p.segments id="segments" aria-live="off" {}
                    div.problem-place role="alert" {}
                    button.button.go type="submit" title="Send (Ctrl+Enter)" { (icon(Icon::Send)) span { "Send" } }
                }
            }
        },
    )
}
