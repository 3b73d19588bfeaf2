//! Tasks: what is sent twice happens once, what has changed meanwhile is not overwritten, and long lists come in pages.

use std::collections::BTreeSet;

use futures::future::join_all;
use http::Method;
use scenarios::{Place, Task, task};
use serde_json::json;

/// The same request under one Idempotency-Key makes one task, at the same time or later.
#[tokio::test]
async fn sent_twice_is_made_once() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    let create = |key: &str, title: &str| {
        mia.asks(Method::POST, "/api/tasks")
            .header("idempotency-key", key)
            .json(task(title).body())
            .answer()
    };
    let answers = join_all((0..4).map(|_| create("k1", "Once"))).await;
    let ids: BTreeSet<String> = answers
        .into_iter()
        .map(|answer| Task::from(answer.expect(201).json()).id().to_owned())
        .collect();
    assert_eq!(ids.len(), 1);
    create("k2", "Twice").await.expect(201);
    create("k1", "Something else").await.problem(409);
    assert_eq!(mia.lists("status=open").await.len(), 2);

    // Keys are a person's own.
    let tom = place.person("tom").await;
    let call = tom
        .asks(Method::POST, "/api/tasks")
        .header("idempotency-key", "k1");
    call.json(task("Tom's").body()).answer().await.expect(201);
}

/// A change that is based on an old version is refused, and says what the version is now.
#[tokio::test]
async fn nobody_overwrites_what_they_have_not_seen() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    let created = mia.posts("/api/tasks", task("Shared").body()).await;
    let created = created.expect(201);
    let etag = created.header("etag").expect("an ETag").to_owned();
    let path = created.header("location").expect("a place").to_owned();
    let change = |etag: &str, title: &str| {
        mia.asks(Method::PATCH, &path)
            .header("if-match", etag)
            .body(
                "application/merge-patch+json",
                json!({ "title": title }).to_string(),
            )
            .answer()
    };
    let changed = change(&etag, "First").await.expect(200);
    let now = changed.header("etag").expect("an ETag").to_owned();
    assert_ne!(now, etag);
    let refused = change(&etag, "Second").await;
    assert_eq!(refused.header("etag"), Some(now.as_str()));
    refused.problem(412);
    change("*", "Third").await.expect(200);
    change("W/\"1\"", "Weak").await.problem(400);
    let listed = mia.lists("").await;
    assert_eq!(listed[0].text("/title"), "Third");
}

/// All commands at once from several screens: none is lost, and each task ends as its last command left it.
#[tokio::test]
async fn many_screens_at_once() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    let created: Vec<Task> = join_all((0..12).map(|i| mia.creates(task(&format!("T{i}"))))).await;
    join_all(created.iter().take(6).map(|task| mia.completes(task))).await;
    join_all(created.iter().skip(9).map(|task| mia.deletes(task))).await;
    assert_eq!(mia.lists("status=open").await.len(), 3);
    assert_eq!(mia.lists("status=completed").await.len(), 6);
}

/// A thousand tasks: pages of any size show each once, in order, and what is completed meanwhile does not shift them.
#[tokio::test]
async fn a_thousand_tasks_in_pages() {
    const COUNT: usize = 1_000;
    const AT_ONCE: usize = 8;
    let place = Place::open().await;
    let mia = place.person("mia").await;
    let numbers: Vec<usize> = (0..COUNT).collect();
    for chunk in numbers.chunks(AT_ONCE) {
        join_all(chunk.iter().map(|&i| {
            let date = format!("2031-{:02}-{:02}", 1 + i % 12, 1 + i / 12 % 28);
            mia.creates(task(&format!("Task {i}")).due_on(&date, "UTC"))
        }))
        .await;
    }
    for limit in [200, 77] {
        let mut seen: Vec<(String, String)> = Vec::new();
        let mut path = format!("/api/tasks?limit={limit}");
        loop {
            let page = mia.gets(&path).await.expect(200).json();
            let items = page["items"].as_array().cloned().unwrap_or_default();
            assert!(items.len() <= limit);
            seen.extend(items.into_iter().map(|item| {
                let task = Task::from(item);
                (task.due(), task.id().to_owned())
            }));
            match page["next_cursor"].as_str() {
                Some(next) => path = format!("/api/tasks?limit={limit}&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), COUNT);
        assert!(seen.is_sorted_by(|a, b| a.0 <= b.0), "by due date");
        let ids: BTreeSet<_> = seen.iter().map(|(_, id)| id).collect();
        assert_eq!(ids.len(), COUNT, "each once");
    }

    // A page, then a task of it is done: the next page goes on where this one ended.
    let first = mia.gets("/api/tasks?limit=10").await.expect(200).json();
    mia.completes(&Task::from(first["items"][4].clone())).await;
    let all = mia.lists("limit=200").await;
    let path = format!(
        "/api/tasks?limit=1&cursor={}",
        first["next_cursor"].as_str().expect("more")
    );
    let next = mia.gets(&path).await.expect(200).json();
    assert_eq!(next["items"][0]["id"], all[9].id());
}
