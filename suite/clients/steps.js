// What each Node client of the matrix does, and what its user sees: steps.py, in JavaScript.
const world = JSON.parse(process.env.FAREGATE_WORLD)
const FOREIGN = 'ins-0ther001'
const NAME = '\u672a\u547d\u540d a b+c&d=e%~*\u00e9'
const ORDER = { zone: 'gz-1', instanceType: 'S1.SMALL1', imageId: 'img-debian-12', period: 1, goodsNum: 2 }

const lower = (name) => name
const upper = (name) => name[0].toUpperCase() + name.slice(1)
const respelt = (params) => Object.fromEntries(Object.entries(params).map(([name, value]) => [upper(name), value]))

function account (name) {
  const found = world.accounts[name === 'wrong' ? 'demo' : name]
  return { secretId: found.secretId, secretKey: name === 'wrong' ? 'not the key' : found.secretKey }
}

class Rows {
  constructor (call, code) { Object.assign(this, { call, code, rows: [] }) }

  async row (step, who, action, params, sees = JSON.stringify) {
    try {
      const answer = await this.call(account(who), action, params)
      this.rows.push({ step, call: action, code: this.code(answer), sees: sees(answer) })
      return answer
    } catch (error) {
      this.rows.push({ step, call: action, code: error.code, sees: `${error.name || error.constructor.name}: code ${error.code}, ${error.message}` })
      return {}
    }
  }

  async all (order, spell, idsOf) {
    const back = (answer) => JSON.stringify(answer).includes(NAME) ? 'the name came back as sent' : 'the name is not ' + NAME
    await this.row('read', 'demo', 'DescribeZones', {})
    const ids = idsOf(await this.row('purchase', 'demo', 'RunInstances', order)) || []
    await this.row('arrays', 'demo', 'StopInstances', { [spell('instanceIds')]: ids })
    await this.row('unicode', 'demo', 'CreateProject', { [spell('projectName')]: NAME })
    await this.row('unicode back', 'demo', 'DescribeProject', {}, back)
    await this.row('4000', 'demo', 'DescribeInstances', { [spell('limit')]: 0 })
    await this.row('4100', 'wrong', 'DescribeZones', {})
    await this.row('4300', 'suspended', 'DescribeZones', {})
    await this.row('5300', 'poor', 'RunInstances', order)
    await this.row('5400', 'demo', 'StartInstances', { [spell('instanceIds')]: [ids[0], FOREIGN] })
    await this.row('6100', 'demo', 'DescribeNothing', {})
    return this
  }
}

const report = (rows) => console.log(JSON.stringify({ rows }))

module.exports = { world, ORDER, NAME, lower, upper, respelt, Rows, report }
