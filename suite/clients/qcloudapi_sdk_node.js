const Capi = require('qcloudapi-sdk')
const { world, ORDER, NAME, lower, respelt, Rows, report } = require('./steps')

function caller (options, more = {}) {
  return ({ secretId, secretKey }, Action, params) => new Promise((resolve, reject) => {
    const capi = new Capi({ SecretId: secretId, SecretKey: secretKey, serviceType: 'cvm', Region: 'gz' })
    const data = Object.assign({ Action }, params, more)
    capi.request(data, Object.assign({ host: world.http, protocol: 'http' }, options), (error, body) => error ? reject(error) : resolve(body))
  })
}

async function main () {
  const rows = new Rows(caller({ method: 'POST', signatureMethod: 'sha256' }), (answer) => answer.code)
  await rows.all(ORDER, lower, (answer) => answer.instanceIds)
  const get = new Rows(caller({ method: 'GET' }), (answer) => answer.code)
  await get.row('unicode by GET and HmacSHA1', 'demo', 'CreateProject', { projectName: NAME })
  const api3 = (answer) => answer.Response.Error ? answer.Response.Error.Code : 0
  const root = new Rows(caller({ method: 'POST', path: '/' }, { Version: '2017-03-12' }), api3)
  await root.row('read on / by signature v1', 'demo', 'DescribeZones', {})
  await root.row('unicode on / by signature v1', 'demo', 'CreateProject', respelt({ projectName: NAME }))
  report([...rows.rows, ...get.rows, ...root.rows])
}

main()
