// A placeholder of the service worker.
const VERSION = "{{ version }}";
const FILES = "{{ files }}".split(" ");
