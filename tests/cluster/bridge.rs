//! The bridge starts, says who it is, and ends.

use std::time::Duration;

use tests::net::Request;
use tests::scene::World;
use tests::trial::Trial;

pub(crate) const TRIALS: &[Trial<World>] = &[Trial { name: "the_bridge_starts_and_ends", run: starts }];

fn starts(world: &World, trial: &str) -> Result<(), String> {
    let scene = world.scene(trial)?;
    let mut bridge = scene.bridge(&[])?;
    let page = bridge.raw(&Request::new("GET", "/"))?;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<title>Chartroom"), "{}", page.text());
    let session = bridge.get("/v1/session")?;
    assert_eq!(session["mode"], "local");
    bridge.terminate()?;
    bridge.wait(Duration::from_secs(10)).map(drop)
}
