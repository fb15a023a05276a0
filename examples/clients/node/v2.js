// Calls API 2.0 with signature v2 (HmacSHA256): Node's standard library alone.
// FAREGATE_SECRET_ID, FAREGATE_SECRET_KEY: the key.  FAREGATE_ENDPOINT: another address than the module's own.
const crypto = require('node:crypto');

const endpoint = process.env.FAREGATE_ENDPOINT || 'https://cvm.api.qcloud.com';
const { host } = new URL(endpoint);
const path = '/v2/index.php';
const parameters = {
  Action: 'DescribeInstances',
  limit: '5', // the action's own parameters: text, lists as name.0, name.1
  SecretId: process.env.FAREGATE_SECRET_ID,
  Timestamp: String(Math.floor(Date.now() / 1000)),
  Nonce: String(crypto.randomInt(1, 2 ** 47)),
  SignatureMethod: 'HmacSHA256',
};

// Names sorted byte by byte, `_` as `.`; values raw. Method, host and path stand in front with nothing between them.
const named = Object.entries(parameters).map(([name, value]) => [name.replaceAll('_', '.'), value]);
named.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
const query = named.map(([name, value]) => `${name}=${value}`).join('&');
const stringToSign = `POST${host}${path}?${query}`;
const hmac = crypto.createHmac('sha256', process.env.FAREGATE_SECRET_KEY);
parameters.Signature = hmac.update(stringToSign, 'utf8').digest('base64');

// Only now is anything percent-encoded.
fetch(endpoint + path, { method: 'POST', body: new URLSearchParams(parameters) })
  .then((answer) => answer.text())
  .then(console.log);
