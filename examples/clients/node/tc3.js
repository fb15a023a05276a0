// Calls API 3.0 with TC3-HMAC-SHA256: Node's standard library alone.
// FAREGATE_SECRET_ID, FAREGATE_SECRET_KEY: the key.  FAREGATE_ENDPOINT: another address than the module's own.
const crypto = require('node:crypto');

const endpoint = process.env.FAREGATE_ENDPOINT || 'https://cvm.api.qcloud.com';
const { host } = new URL(endpoint);
const [service, action] = ['cvm', 'DescribeInstances'];
const body = JSON.stringify({ limit: 5 }); // serialised once: these bytes are signed and sent
const timestamp = Math.floor(Date.now() / 1000);
const date = new Date(timestamp * 1000).toISOString().slice(0, 10); // in UTC
const sha256 = (text) => crypto.createHash('sha256').update(text).digest('hex');
const mac = (key, text) => crypto.createHmac('sha256', key).update(text).digest();

const signed = 'content-type;host;x-tc-action';
const headers = `content-type:application/json\nhost:${host}\nx-tc-action:${action.toLowerCase()}\n`;
const canonical = `POST\n/\n\n${headers}\n${signed}\n${sha256(body)}`;
const scope = `${date}/${service}/tc3_request`;
const stringToSign = `TC3-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`;
const steps = [date, service, 'tc3_request'];
const key = steps.reduce(mac, 'TC3' + process.env.FAREGATE_SECRET_KEY);
const signature = mac(key, stringToSign).toString('hex');
const credential = `${process.env.FAREGATE_SECRET_ID}/${scope}`;
fetch(endpoint + '/', {
  method: 'POST',
  body,
  headers: {
    Authorization: `TC3-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${signature}`,
    'Content-Type': 'application/json',
    'X-TC-Action': action,
    'X-TC-Version': '2017-03-12',
    'X-TC-Timestamp': String(timestamp),
  },
}).then((answer) => answer.text()).then(console.log);
