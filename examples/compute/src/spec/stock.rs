//! However purchases and returns follow each other, there is never more than one GPU.

use proptest::prelude::*;
use tempfile::tempdir;

use crate::answer::{ModuleError, Refusal};
use crate::store::Store;
use crate::{instances, purchases};

#[derive(Debug, Clone)]
enum Step {
    Buy { zone: &'static str, goods_num: i64 },
    Return { nth: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (prop::sample::select(vec!["gz-1", "gz-2", "gz-3", "sh-1"]), 1..3_i64)
            .prop_map(|(zone, goods_num)| Step::Buy { zone, goods_num }),
        1 => (0..8_usize).prop_map(|nth| Step::Return { nth }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_gpu_is_sold_exactly_when_the_only_one_is_free(steps in prop::collection::vec(step(), 1..24)) {
        let data = tempdir()?;
        let store = Store::open(data.path()).expect("opened");
        let connection = store.connection();
        let mut bought: Vec<String> = Vec::new();
        let mut rented: Option<String> = None;
        for step in steps {
            match step {
                Step::Buy { zone, goods_num } => {
                    let order = purchases::Order {
                        zone: zone.to_owned(),
                        instance_type: "GPU.LARGE1".to_owned(),
                        image_id: "img-debian-12".to_owned(),
                        period: 1,
                        goods_num,
                        project_id: 0,
                    };
                    match purchases::run(connection, "ann", &order) {
                        Ok(answer) => {
                            prop_assert!(zone != "gz-2" && goods_num == 1 && rented.is_none());
                            let id = answer["instanceIds"][0].as_str().expect("an id").to_owned();
                            prop_assert!(!bought.contains(&id));
                            bought.push(id.clone());
                            rented = Some(id);
                        }
                        Err(Refusal::Module(ModuleError::NotOffered { .. })) => prop_assert_eq!(zone, "gz-2"),
                        Err(Refusal::Module(ModuleError::SoldOut { .. })) => {
                            prop_assert!(zone != "gz-2" && (goods_num > 1 || rented.is_some()));
                        }
                        Err(refusal) => prop_assert!(false, "{refusal:?}"),
                    }
                }
                Step::Return { nth } => {
                    let Some(id) = bought.get(nth) else { continue };
                    let returned = instances::give_back(connection, "ann", id).is_ok();
                    prop_assert_eq!(returned, rented.as_ref() == Some(id));
                    if returned {
                        rented = None;
                    }
                }
            }
        }
    }
}
