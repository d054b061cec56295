import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

// `CONSOLE_FIXTURES=1 npm run dev:console` needs no engine: the in-memory fake of the browser tests answers /api.
const fixtures = (): Plugin => ({
  name: 'console-fixtures',
  async configureServer(server) {
    if (process.env['CONSOLE_FIXTURES'] === undefined) return
    const { openFake } = await server.ssrLoadModule('/fixtures/fake.ts')
    const { answer } = await server.ssrLoadModule('/fixtures/adapter.ts')
    const fake = openFake({ signedIn: true })
    server.middlewares.use((req, res, next) => {
      if (req.url?.startsWith('/api/') === true) void answer(fake, req, res)
      else next()
    })
  },
})

export default defineConfig({
  root: at('src/console'),
  cacheDir: at('node_modules/.vite'),
  plugins: [react(), fixtures()],
  css: { postcss: { plugins: [] } },
  server: {
    proxy: process.env['CONSOLE_FIXTURES'] === undefined ? { '/api': 'http://127.0.0.1:3000' } : {},
  },
  build: {
    outDir: at('dist/console'),
    emptyOutDir: true,
    target: 'es2023',
    // Strict CSP allows no data: scripts or fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/, priority: 30 },
            { name: 'tanstack', test: /node_modules[\\/]@tanstack[\\/]/, priority: 20 },
            {
              name: 'dates',
              test: /node_modules[\\/](@mantine[\\/]dates[\\/](?!styles)|dayjs[\\/])/,
              priority: 20,
            },
            {
              name: 'mantine',
              test: /node_modules[\\/](@mantine|@floating-ui|clsx|react-remove-scroll)/,
              priority: 10,
            },
          ],
        },
      },
    },
  },
})
