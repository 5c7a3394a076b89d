// A plain-file stand-in for the native logger of VS Code's server. Without it every output channel is silently empty.
"use strict";
const fs = require("fs");
const path = require("path");

const LEVELS = ["trace", "debug", "info", "warning", "error", "critical", "off"];
const INFO = LEVELS.indexOf("info");

class Logger {
  constructor(name, file) {
    this.name = name;
    this.file = file;
    this.level = INFO;
    this.hasFormat = true;
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.closeSync(fs.openSync(file, "a"));
  }
  write(level, message) {
    if (level < this.level) return;
    const prefix = `${new Date().toISOString().replace("T", " ").replace("Z", "")} [${LEVELS[level]}] `;
    try {
      fs.appendFileSync(this.file, this.hasFormat ? `${prefix}${message}\n` : message);
    } catch {
      // The log folder goes away before the last messages when the server stops.
    }
  }
  trace(message) {
    this.write(0, message);
  }
  debug(message) {
    this.write(1, message);
  }
  info(message) {
    this.write(2, message);
  }
  warn(message) {
    this.write(3, message);
  }
  error(message) {
    this.write(4, message);
  }
  critical(message) {
    this.write(5, message);
  }
  getLevel() {
    return this.level;
  }
  setLevel(level) {
    this.level = level;
  }
  clearFormatters() {
    this.hasFormat = false;
  }
  setPattern() {}
  flush() {}
  flushOn() {}
  drop() {}
}

const createLogger = async (name, file) => new Logger(name, file);

// Assigned one by one, so that ES modules see them as named exports.
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.shutdown = () => {};
exports.createRotatingLogger = createLogger;
exports.createAsyncRotatingLogger = createLogger;
exports.Logger = Logger;
