use crate::story::Story;

/// The shortest story that still fails which can be found by leaving out more and more.
#[must_use]
pub fn shrink(story: &Story, fails: impl Fn(&Story) -> bool) -> Story {
    let mut shortest = story.clone();
    loop {
        let before = shortest.clone();
        let steps = without(&shortest.steps, |steps| fails(&Story { steps, ..shortest.clone() }));
        shortest.steps = steps;
        let stream = without(&shortest.stream, |stream| fails(&Story { stream, ..shortest.clone() }));
        shortest.stream = stream;
        let pushes = without(&shortest.pushes, |pushes| fails(&Story { pushes, ..shortest.clone() }));
        shortest.pushes = pushes;
        for place in 0..shortest.steps.len() {
            let troubles = without(&shortest.steps[place].troubles, |troubles| {
                let mut shorter = shortest.clone();
                shorter.steps[place].troubles = troubles;
                fails(&shorter)
            });
            shortest.steps[place].troubles = troubles;
            for shorter in shortest.steps[place].what.shorter() {
                let mut story = shortest.clone();
                story.steps[place].what = shorter;
                if fails(&story) {
                    shortest = story;
                }
            }
        }
        if shortest == before {
            return shortest;
        }
    }
}

/// A list from which as much as can be is left out: halves first, single items at last.
fn without<T: Clone>(all: &[T], fails: impl Fn(Vec<T>) -> bool) -> Vec<T> {
    let mut kept = all.to_vec();
    let mut size = kept.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < kept.len() {
            let mut fewer = kept.clone();
            fewer.drain(at..(at + size).min(kept.len()));
            if fails(fewer.clone()) {
                kept = fewer;
            } else {
                at += size;
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    kept
}
