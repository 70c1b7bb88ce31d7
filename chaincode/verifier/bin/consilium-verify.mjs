#!/usr/bin/env node
// npm links commands when it installs, before anything is built: so this file, and not the built one, is the command.
import '../dist/main.js';
