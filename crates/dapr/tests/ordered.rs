//! The ordered list in chunks behaves as a sorted map, and an edit touches few documents.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use dapr::fake::{FakeDapr, Interleaving, block_on};
use dapr::ordered::{CHUNK_ITEMS, Directory, Editor, Item, chunk_key, read_chunk};
use dapr::{Dapr, Json};
use rand::Rng;

async fn edit(dapr: &FakeDapr, directory: &mut Directory, key: &str, insert: bool) -> usize {
    let numbers = directory.needed([key]);
    let keys: Vec<String> = numbers
        .iter()
        .map(|&number| chunk_key("list", number))
        .collect();
    let documents = dapr.get_many(&keys).await.unwrap();
    let mut editor = Editor::new("list", directory, numbers.into_iter().zip(documents)).unwrap();
    if insert {
        editor.insert(Item {
            key: key.to_owned(),
            value: Json::of(key),
        });
    } else {
        editor.remove(key);
    }
    let writes = editor.writes();
    let count = writes.len();
    dapr.transact(writes).await.unwrap();
    count
}

async fn read_all(dapr: &FakeDapr, directory: &Directory) -> Vec<String> {
    let mut keys = Vec::new();
    for chunk in directory.chunks() {
        let document = dapr.get(&chunk_key("list", chunk.number)).await.unwrap();
        let items = read_chunk("list", chunk.number, document.as_ref()).unwrap();
        assert_eq!(items.len(), chunk.items as usize);
        assert!(items.len() <= CHUNK_ITEMS);
        keys.extend(items.into_iter().map(|item| item.key));
    }
    keys
}

#[test]
fn it_is_a_sorted_map_in_few_documents() {
    for seed in 0..5 {
        let mut world = Interleaving::new(seed);
        let dapr = FakeDapr::new();
        block_on(async {
            let (mut directory, mut model) = (Directory::default(), BTreeMap::new());
            for _ in 0..2_000 {
                let key = format!("{:04}", world.rng().random_range(0..1_500));
                let insert = world.rng().random_bool(0.7);
                if insert {
                    model.insert(key.clone(), ());
                } else {
                    model.remove(&key);
                }
                assert!(edit(&dapr, &mut directory, &key, insert).await <= 2);
            }
            let expected: Vec<String> = model.keys().cloned().collect();
            assert_eq!(read_all(&dapr, &directory).await, expected);
            assert_eq!(directory.len() as usize, expected.len());
            for key in expected {
                edit(&dapr, &mut directory, &key, false).await;
            }
            assert!(directory.is_empty());
            assert!(
                dapr.keys("list/").is_empty(),
                "an empty list leaves no document"
            );
        });
    }
}
