//! The service as a table of calls and answers, over a real socket and held against the document.

mod document;
mod stock;
mod world;

use world::World;

const RUN: &str = r#"{"zone":"gz-1","instanceType":"S1.SMALL1","imageId":"img-debian-12","period":1,"goodsNum":1}"#;

fn order(changes: &str) -> String {
    let mut order: serde_json::Value = serde_json::from_str(RUN).expect("an order");
    let changes: serde_json::Value = serde_json::from_str(changes).expect("JSON");
    for (name, value) in changes.as_object().expect("an object") {
        order[name] = value.clone();
    }
    order.to_string()
}

// In the tables a row is `account[/key] | METHOD path [body] | status [body]`; the key is the Idempotency-Key.
// "*" in an answer is anything, "$name" is bound when first met and must be the same ever after.

#[tokio::test]
async fn an_account_sees_what_it_bought_and_nobody_else_does() {
    World::start().await.verify(&format!(r#"
        ann | GET /instances                                | 200 {{"totalCount":0,"instanceSet":[]}}
        ann | POST /instances {RUN}                         | 200 {{"instanceIds":["$a"],"dealIds":["*"]}}
        ann | POST /instances {two}                         | 200 {{"instanceIds":["$b","$c"],"dealIds":["*"]}}
        ann | GET /instances?limit=1                        | 200 {{"totalCount":3,"instanceSet":[{{"instanceId":"$a","zone":"gz-1","instanceType":"S1.SMALL1","imageId":"img-debian-12","projectId":0,"status":"RUNNING","createdAt":"*","expiresAt":"*"}}]}}
        ann | GET /instances?offset=2                       | 200 {{"totalCount":3,"instanceSet":[{{"instanceId":"$c","zone":"sh-1","instanceType":"S2.MEDIUM4","imageId":"img-debian-12","projectId":0,"status":"RUNNING","createdAt":"*","expiresAt":"*"}}]}}
        ann | GET /instances?offset=3                       | 200 {{"totalCount":3,"instanceSet":[]}}
        ann | GET /instances?instanceIds=$c&instanceIds=$a&limit=1  | 200 {{"totalCount":2,"instanceSet":["*"]}}
        ann | GET /instances?status=STOPPED                 | 200 {{"totalCount":0,"instanceSet":[]}}
        ann | GET /instances?projectId=7                    | 200 {{"totalCount":0,"instanceSet":[]}}
        bob | GET /instances                                | 200 {{"totalCount":0,"instanceSet":[]}}
        bob | GET /instances?instanceIds=$a                 | 404
        ann | GET /instances?instanceIds=ins-nothere0       | 404
    "#, two = order(r#"{"goodsNum":2,"zone":"sh-1","instanceType":"S2.MEDIUM4"}"#))).await;
}

#[tokio::test]
async fn an_instance_is_started_stopped_moved_renewed_and_returned_by_its_account_only() {
    World::start().await.verify(&format!(r#"
        ann | POST /instances {RUN}                                              | 200 {{"instanceIds":["$a"],"dealIds":["*"]}}
        ann | POST /instances/start {{"instanceIds":["$a"]}}                     | 409 {{"code":5100,"moduleCode":"100010","message":"instance is running"}}
        ann | POST /instances/restart {{"instanceIds":["$a"]}}                   | 200 {{}}
        ann | POST /instances/stop {{"instanceIds":["$a"]}}                      | 200 {{}}
        ann | POST /instances/stop {{"instanceIds":["$a"]}}                      | 409 {{"code":5100,"moduleCode":"100011","message":"instance is already stopped"}}
        ann | POST /instances/restart {{"instanceIds":["$a"]}}                   | 409 {{"code":5100,"moduleCode":"100012","message":"instance is stopped"}}
        ann | GET /instances?status=STOPPED                                      | 200 {{"totalCount":1,"instanceSet":["*"]}}
        ann | POST /instances/start {{"instanceIds":["$a"]}}                     | 200 {{}}
        ann | POST /projects {{"projectName":"web"}}                             | 200 {{"projectId":"$p"}}
        ann | GET /projects                                                      | 200 {{"totalCount":2,"projectSet":[{{"projectId":0,"projectName":"default"}},{{"projectId":"$p","projectName":"web"}}]}}
        bob | GET /projects                                                      | 200 {{"totalCount":1,"projectSet":["*"]}}
        ann | POST /instances/project {{"instanceIds":["$a"],"projectId":$p}}    | 200 {{}}
        ann | GET /instances?projectId=$p                                        | 200 {{"totalCount":1,"instanceSet":["*"]}}
        ann | POST /instances/project {{"instanceIds":["$a"],"projectId":12345}} | 409 {{"code":5100,"moduleCode":"100004","message":"incorrect projectId"}}
        bob | POST /instances {RUN}                                              | 200 {{"instanceIds":["$b"],"dealIds":["*"]}}
        bob | POST /instances/project {{"instanceIds":["$b"],"projectId":$p}}    | 409 {{"code":5100,"moduleCode":"100004","message":"incorrect projectId"}}
        bob | POST /instances/stop {{"instanceIds":["$b","$a"]}}                 | 404
        bob | GET /instances?status=RUNNING                                      | 200 {{"totalCount":1,"instanceSet":["*"]}}
        bob | POST /instances/renew {{"instanceId":"$a","period":1}}             | 404
        bob | DELETE /instances/$a                                               | 404
        ann | POST /instances/renew {{"instanceId":"$a","period":2}}             | 200 {{"dealId":"*"}}
        bob | POST /instances/$a/renew {{"period":1}}                            | 404
        bob | POST /instances/$a/return                                          | 404
        ann | POST /instances/$a/renew {{"period":1}}                            | 200 {{"dealId":"*"}}
        ann | DELETE /instances/$a                                               | 204
        ann | DELETE /instances/$a                                               | 404
        ann | POST /instances/start {{"instanceIds":["$a"]}}                     | 404
        ann | GET /instances                                                     | 200 {{"totalCount":0,"instanceSet":[]}}
        ann | GET /usage                                                         | 200 {{"accounts":2,"running":1,"stopped":0,"returned":1,"deals":4}}
    "#)).await;
}

#[tokio::test]
async fn what_is_lent_is_used_as_it_is_lent_and_what_is_given_away_is_gone() {
    World::start().await.verify(&format!(r#"
        ann | POST /instances {RUN}                                              | 200 {{"instanceIds":["$a"],"dealIds":["*"]}}
        bob | POST /instances/share {{"instanceIds":["$a"],"accountId":"bob","access":"read"}}  | 404
        ann | POST /instances/share {{"instanceIds":["$a"],"accountId":"bob","access":"read"}}  | 200 {{}}
        bob | GET /instances?instanceIds=$a                                      | 200 {{"totalCount":1,"instanceSet":["*"]}}
        bob | POST /instances/stop {{"instanceIds":["$a"]}}                      | 404
        ann | POST /instances/share {{"instanceIds":["$a"],"accountId":"bob","access":"write"}} | 200 {{}}
        bob | POST /instances/stop {{"instanceIds":["$a"]}}                      | 200 {{}}
        bob | POST /instances/transfer {{"instanceIds":["$a"],"accountId":"bob"}} | 404
        bob | DELETE /instances/$a                                               | 404
        eve | GET /instances?instanceIds=$a                                      | 404
        eve | GET /instances?forgetAccounts=true                                 | 200 {{"totalCount":1,"instanceSet":["*"]}}
        ann | POST /instances/share {{"instanceIds":["$a"],"accountId":"bob","access":"none"}}  | 200 {{}}
        bob | GET /instances                                                     | 200 {{"totalCount":0,"instanceSet":[]}}
        ann | POST /instances/share {{"instanceIds":["$a"],"accountId":"bob","access":"read"}}  | 200 {{}}
        ann | POST /instances/share {{"instanceIds":["$a"],"accountId":"bob","access":"all"}}   | 400 "*"
        ann | POST /instances/transfer {{"instanceIds":["$a"],"accountId":"eve"}} | 200 {{}}
        ann | GET /instances                                                     | 200 {{"totalCount":0,"instanceSet":[]}}
        bob | GET /instances                                                     | 200 {{"totalCount":0,"instanceSet":[]}}
        eve | GET /instances                                                     | 200 {{"totalCount":1,"instanceSet":["*"]}}
    "#)).await;
}

#[tokio::test]
async fn a_renewal_moves_the_end_by_whole_months() {
    let world = World::start().await;
    world.verify(&format!(r#"
        ann | POST /instances {RUN}                                  | 200 {{"instanceIds":["$a"],"dealIds":["*"]}}
        ann | POST /instances/renew {{"instanceId":"$a","period":11}} | 200 {{"dealId":"*"}}
    "#)).await;
    let (_, list) = world.call("ann", "GET", "/instances", "").await;
    let instance = &list["instanceSet"][0];
    let year = |name: &str| {
        instance[name].as_str().and_then(|date| date.split('-').next()?.parse::<i32>().ok())
    };
    // Not compared to the day: a 31st of a month without one is carried over.
    let created = year("createdAt").expect("a year");
    assert_eq!(year("expiresAt"), Some(created + 1), "{instance}");
}

#[tokio::test]
async fn what_cannot_be_bought_says_why_and_a_returned_machine_can_be_bought_again() {
    World::start().await.verify(&format!(r#"
        ann | POST /instances {in_gz2}  | 409 {{"code":5200,"moduleCode":"200002","message":"GPU.LARGE1 is not offered in gz-2"}}
        ann | POST /instances {two}     | 409 {{"code":5200,"moduleCode":"200001","message":"GPU.LARGE1 is sold out in gz-1"}}
        ann | POST /instances {gpu}     | 200 {{"instanceIds":["$g"],"dealIds":["*"]}}
        bob | POST /instances {in_sh1}  | 409 {{"code":5200,"moduleCode":"200001","message":"GPU.LARGE1 is sold out in sh-1"}}
        ann | POST /instances/stop {{"instanceIds":["$g"]}}  | 200 {{}}
        bob | POST /instances {in_sh1}  | 409 {{"code":5200,"moduleCode":"200001","message":"GPU.LARGE1 is sold out in sh-1"}}
        ann | DELETE /instances/$g      | 204
        bob | POST /instances {in_sh1}  | 200 {{"instanceIds":["*"],"dealIds":["*"]}}
        ann | POST /instances {image}   | 400 {{"code":4000,"moduleCode":"100008","message":"no image `img-nothere`"}}
        ann | POST /instances {project} | 409 {{"code":5100,"moduleCode":"100004","message":"incorrect projectId"}}
        ann | GET /instances            | 200 {{"totalCount":0,"instanceSet":[]}}
    "#,
        gpu = order(r#"{"instanceType":"GPU.LARGE1"}"#),
        two = order(r#"{"instanceType":"GPU.LARGE1","goodsNum":2}"#),
        in_gz2 = order(r#"{"instanceType":"GPU.LARGE1","zone":"gz-2"}"#),
        in_sh1 = order(r#"{"instanceType":"GPU.LARGE1","zone":"sh-1"}"#),
        image = order(r#"{"imageId":"img-nothere"}"#),
        project = order(r#"{"projectId":5}"#),
    )).await;
}

#[tokio::test]
async fn a_price_is_the_month_times_months_times_instances() {
    World::start().await.verify(r#"
        ann | GET /instances/price?instanceType=S1.SMALL1                                            | 200 {"price":"30.00","currency":"CNY"}
        ann | GET /instances/price?instanceType=S2.MEDIUM4&period=2                                  | 200 {"price":"180.00","currency":"CNY"}
        ann | GET /instances/price?instanceType=GPU.LARGE1&period=36&goodsNum=10&zone=gz-2           | 200 {"price":"324000.00","currency":"CNY"}
        ann | GET /instances/price?instanceType=S1.SMALL1&imageId=img-nothere                        | 400 {"code":4000,"moduleCode":"100008","message":"no image `img-nothere`"}
        ann | GET /zones                                                                             | 200 {"totalCount":4,"zoneSet":["*","*","*","*"]}
    "#).await;
}

#[tokio::test]
async fn a_key_is_good_for_one_execution_and_its_answer_is_the_same_for_ever() {
    let world = World::start().await;
    world
        .verify(&format!(
            r#"
        ann/k1 | POST /instances {RUN}   | 200 {{"instanceIds":["$a"],"dealIds":["$d"]}}
        ann/k1 | POST /instances {RUN}   | 200 {{"instanceIds":["$a"],"dealIds":["$d"]}}
        ann/k1 | POST /instances {other} | 422 "*"
        bob/k1 | POST /instances {RUN}   | 200 {{"instanceIds":["$b"],"dealIds":["*"]}}
        ann    | GET /instances          | 200 {{"totalCount":1,"instanceSet":["*"]}}
        ann/k1 | POST /instances/renew {{"instanceId":"$a","period":1}} | 200 {{"dealId":"$r"}}
        ann/k1 | POST /instances/renew {{"instanceId":"$a","period":1}} | 200 {{"dealId":"$r"}}
        ann/k1 | POST /projects {{"projectName":"x"}}                   | 200 {{"projectId":"$p"}}
        ann/k1 | POST /projects {{"projectName":"x"}}                   | 200 {{"projectId":"$p"}}
        ann/k2 | POST /projects {{"projectName":"x"}}                   | 200 {{"projectId":"*"}}
        ann    | GET /projects           | 200 {{"totalCount":3,"projectSet":["*","*","*"]}}
        bob/g  | POST /instances {gpu}   | 200 {{"instanceIds":["$g"],"dealIds":["*"]}}
        ann/g  | POST /instances {gpu}   | 409 {{"code":5200,"moduleCode":"200001","message":"*"}}
        bob    | DELETE /instances/$g    | 204
        ann/g  | POST /instances {gpu}   | 409 {{"code":5200,"moduleCode":"200001","message":"*"}}
        ann/k3 | POST /instances/stop {{"instanceIds":["$a"]}}  | 200 {{}}
        ann/k3 | POST /instances/start {{"instanceIds":["$a"]}} | 200 {{}}
        ann/k3 | POST /instances/stop {{"instanceIds":["$a"]}}  | 200 {{}}
    "#,
            other = order(r#"{"period":2}"#),
            gpu = order(r#"{"instanceType":"GPU.LARGE1"}"#)
        ))
        .await;
    // Executed: 3 purchases, 1 renewal, 2 projects, 1 return, and stop twice and start once, which keep no answers.
    world.verify(r#"
        -   | GET /_admin/executions     | 200 {"total":10,"calls":18,"byAction":{"RunInstances":3,"RenewInstance":1,"CreateProject":2,"ReturnInstance":1,"StopInstances":2,"StartInstances":1}}
    "#).await;
}

#[tokio::test]
async fn a_refused_or_failing_call_is_counted_as_a_call_and_never_as_an_execution() {
    let huge = format!(r#"{{"projectName":"{}"}}"#, "x".repeat(70_000));
    World::start().await.verify(&format!(r#"
        ann | POST /instances {nonsense}                                | 200 text/html
        ann | POST /instances {error}                                   | 500
        ann | POST /instances {teapot}                                  | 418
        ann | GET /instances/price?instanceType=S1.SMALL1&imageId=img-nonsense | 200 text/html
        ann | GET /instances/price?instanceType=S1.SMALL1&imageId=img-500      | 500
        ann | GET /instances/price?instanceType=S1.SMALL1&imageId=img-teapot   | 418
        -   | GET /zones                                                | 400 {{"type":"about:blank","title":"Bad Request","status":400,"detail":"the header Faregate-Account is missing"}}
        -   | GET /instances/price?instanceType=S1.SMALL1               | 200 {{"price":"30.00","currency":"CNY"}}
        ann | GET /nowhere                                              | 404 "*"
        ann | DELETE /instances/                                        | 404 "*"
        ann | DELETE /instances/a/b                                     | 404 "*"
        ann | PUT /instances                                            | 405
        ann | GET /instances?limit=abc                                  | 400 "*"
        ann | GET /instances?limit=0                                    | 400 "*"
        ann | GET /instances?limit=101                                  | 400 "*"
        ann | GET /instances?limit=1&limit=2                            | 400 "*"
        ann | GET /instances?offset=-1                                  | 400 "*"
        ann | GET /instances?status=RETURNED                            | 400 "*"
        ann | GET /instances?colour=red                                 | 400 "*"
        ann | GET /instances/price                                      | 400 "*"
        ann | POST /instances {{"zone":"gz-1"}}                         | 400 "*"
        ann | POST /instances {zone}                                    | 400 "*"
        ann | POST /instances {model}                                   | 400 "*"
        ann | POST /instances {none}                                    | 400 "*"
        ann | POST /instances {many}                                    | 400 "*"
        ann | POST /instances {long}                                    | 400 "*"
        ann | POST /instances {undeclared}                              | 400 "*"
        ann | POST /projects {{"projectName":""}}                       | 400 "*"
        ann | POST /projects nonsense                                   | 400 "*"
        ann | POST /projects {huge}                                     | 413
        ann | GET /instances                                            | 200 {{"totalCount":0,"instanceSet":[]}}
        -   | GET /_admin/executions                                    | 200 {{"total":0,"calls":31,"byAction":{{}}}}
    "#,
        nonsense = order(r#"{"imageId":"img-nonsense"}"#),
        error = order(r#"{"imageId":"img-500"}"#),
        teapot = order(r#"{"imageId":"img-teapot"}"#),
        zone = order(r#"{"zone":"mars-1"}"#),
        model = order(r#"{"instanceType":"S9.HUGE"}"#),
        none = order(r#"{"goodsNum":0}"#),
        many = order(r#"{"goodsNum":11}"#),
        long = order(r#"{"period":37}"#),
        undeclared = order(r#"{"colour":"red"}"#),
    )).await;
}

#[tokio::test]
async fn a_hanging_purchase_is_made_and_its_answer_can_be_asked_for_again() {
    let world = World::start().await;
    let hang = order(r#"{"imageId":"img-hang"}"#);
    let made = async {
        loop {
            let (_, list) = world.call("ann", "GET", "/instances", "").await;
            if list["totalCount"] == 1 {
                break;
            }
        }
    };
    tokio::select! {
        _ = world.call("ann/k1", "POST", "/instances", &hang) => panic!("it must hang"),
        () = made => {}
    }
    world.verify(&format!(r#"
        ann    | GET /instances         | 200 {{"totalCount":1,"instanceSet":[{{"instanceId":"$a","zone":"*","instanceType":"*","imageId":"img-hang","projectId":0,"status":"RUNNING","createdAt":"*","expiresAt":"*"}}]}}
        ann/k1 | POST /instances {hang} | 200 {{"instanceIds":["$a"],"dealIds":["*"]}}
    "#)).await;
}

#[tokio::test]
async fn a_seeded_instance_is_there_once_and_belongs_to_its_account() {
    let world = World::start().await;
    for account in ["other", "other", "ann"] {
        crate::seed(world.data(), account, "ins-other000").expect("seeded");
    }
    world.verify(r#"
        other | GET /instances?instanceIds=ins-other000                     | 200 {"totalCount":1,"instanceSet":["*"]}
        other | POST /instances/restart {"instanceIds":["ins-other000"]}    | 200 {}
        ann   | POST /instances/restart {"instanceIds":["ins-other000"]}    | 404
        ann   | GET /instances                                              | 200 {"totalCount":0,"instanceSet":[]}
    "#).await;
}
