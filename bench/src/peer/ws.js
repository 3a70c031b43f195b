// Rooms on the package `ws`: whoever connects to a path gets what is said there.
const { WebSocketServer, WebSocket } = require("ws");

const rooms = new Map();
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, clientTracking: false });

server.on("listening", () => console.log(`http://127.0.0.1:${server.address().port}`));
server.on("connection", (socket, request) => {
  const room = rooms.get(request.url) ?? new Set();
  rooms.set(request.url, room.add(socket));
  socket.on("message", (data) => {
    for (const seat of room) {
      if (seat.readyState === WebSocket.OPEN) seat.send(data, { binary: false });
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => room.delete(socket));
});
