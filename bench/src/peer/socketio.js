// Rooms on the package `socket.io`: the room stands in the query.
const http = require("node:http");
const { Server } = require("socket.io");

const web = http.createServer();
// No ping comes within a measurement.
const server = new Server(web, { transports: ["websocket"], serveClient: false, pingInterval: 600000 });

server.on("connection", (socket) => {
  const { room } = socket.handshake.query;
  socket.join(room);
  socket.on("say", (text) => server.to(room).emit("say", text));
});
web.listen(0, "127.0.0.1", 2048, () => console.log(`http://127.0.0.1:${web.address().port}`));
