// Serves telegram-test-api on a free port of this machine, prints the port, and ends when its input does.
const TelegramServer = require('telegram-test-api');

const listener = new TelegramServer().webServer.listen(0, '127.0.0.1', () => console.log(listener.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
