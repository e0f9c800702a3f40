use crate::scenario::Scenario;

/// Returns a shortest failing scenario, found by repeatedly leaving out parts.
#[must_use]
pub fn shrink(story: &Scenario, fails: impl Fn(&Scenario) -> bool) -> Scenario {
    let mut shortest = story.clone();
    loop {
        let before = shortest.clone();
        let steps = remove_parts(&shortest.steps, |steps| fails(&Scenario { steps, ..shortest.clone() }));
        shortest.steps = steps;
        let stream = remove_parts(&shortest.stream, |stream| fails(&Scenario { stream, ..shortest.clone() }));
        shortest.stream = stream;
        let pushes = remove_parts(&shortest.pushes, |pushes| fails(&Scenario { pushes, ..shortest.clone() }));
        shortest.pushes = pushes;
        for place in 0..shortest.steps.len() {
            let troubles = remove_parts(&shortest.steps[place].troubles, |troubles| {
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

/// Leaves out as many items of a list as possible, first halves and finally single items.
fn remove_parts<T: Clone>(all: &[T], fails: impl Fn(Vec<T>) -> bool) -> Vec<T> {
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
