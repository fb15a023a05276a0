const { cvm } = require('tencentcloud-sdk-nodejs-cvm')
const { CommonClient } = require('tencentcloud-sdk-nodejs-common')
const { world, ORDER, NAME, upper, respelt, Rows, report } = require('./steps')

const profile = (more = {}) => Object.assign({
  signMethod: 'TC3-HMAC-SHA256',
  httpProfile: { endpoint: world.http, protocol: 'http://', reqMethod: 'POST' }
}, more)

const common = (made, options) => (credential, action, params) =>
  new CommonClient(world.http, '2017-03-12', { credential, region: 'ap-guangzhou', profile: made }).request(action, params, options)

const typed = (credential, action, params) =>
  new cvm.v20170312.Client({ credential, region: 'ap-guangzhou', profile: profile() })[action](params)

async function main () {
  const rows = new Rows(common(profile()), () => 0)
  await rows.all(respelt(ORDER), upper, (answer) => answer.InstanceIdSet)
  const rest = []
  for (const signMethod of ['HmacSHA1', 'HmacSHA256']) {
    const one = new Rows(common(profile({ signMethod })), () => 0)
    await one.row(`unicode by ${signMethod}`, 'demo', 'CreateProject', { ProjectName: NAME })
    rest.push(...one.rows)
  }
  const get = new Rows(common(profile({ httpProfile: { endpoint: world.http, protocol: 'http://', reqMethod: 'GET' } })), () => 0)
  await get.row('read by GET', 'demo', 'DescribeZones', {})
  const parts = new Rows(common(profile(), { multipart: true }), () => 0)
  await parts.row('multipart', 'demo', 'CreateProject', { ProjectName: NAME })
  const models = new Rows(typed, () => 0)
  await models.row('typed purchase', 'demo', 'RunInstances', {
    Placement: { Zone: 'gz-1' }, InstanceType: 'S1.SMALL1', ImageId: 'img-debian-12', InstanceCount: 2, InstanceChargePrepaid: { Period: 1 }
  })
  await models.row('typed read', 'demo', 'DescribeZones', {})
  report([...rows.rows, ...rest, ...get.rows, ...parts.rows, ...models.rows])
}

main()
