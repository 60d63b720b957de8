//! What `COMPATIBILITY.md` tells is so.

use renderer::functions::not_in_this_build;

#[test]
fn the_page_names_exactly_the_functions_that_are_not_in_this_build() {
    let page = include_str!("../COMPATIBILITY.md");
    let section =
        page.split("\n## ").find(|section| section.starts_with("Functions not in this build")).unwrap();
    let list = section.lines().skip_while(|line| !line.starts_with('`')).collect::<Vec<_>>().join(" ");
    let named: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    assert_eq!(named, not_in_this_build());
}
