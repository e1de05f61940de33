import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  base: '/console/',
  plugins: [react()],
  build: {
    outDir: process.env.CONSOLE_OUT_DIR ?? 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
  },
  server: {
    // The host stays the browser's: the server compares it with the page's origin.
    proxy: { '/console/api': { target: process.env.PODPASS_ENDPOINT ?? 'http://127.0.0.1:4566', changeOrigin: false } },
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/test/setup.ts'],
    testTimeout: 60000,
    css: false,
    server: { deps: { inline: [/@cloudscape-design\//] } },
  },
});
