import { ActionIcon, Burger, Drawer, Kbd } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { spotlight } from '@mantine/spotlight'
import { IconFlask, IconKeyboard, IconSearch } from '@tabler/icons-react'
import { Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useLiveStream } from '../api/live.ts'
import { BrandMark } from '../parts/brand.tsx'
import { KeysHelp, useShellKeys } from './keys.tsx'
import { Menus } from './menus.tsx'
import { Nav } from './nav.tsx'
import { Palette } from './palette.tsx'
import { useSession } from './session.ts'
import css from './shell.module.css'

const mac = /Mac|iPhone|iPad/.test(navigator.userAgent)

export function Shell() {
  const session = useSession()
  const [drawer, { open, close }] = useDisclosure(false)
  const [help, { toggle, close: closeHelp }] = useDisclosure(false)
  const path = useRouterState({ select: (state) => state.location.pathname })
  useLiveStream(session.permissions.includes('metrics.read'))
  useShellKeys(toggle)
  useEffect(close, [path, close])
  return (
    <div className={css.shell}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <aside className={`${css.rail} rail`} aria-label="Practice Studio">
        <div className={css.brand}>
          <BrandMark />
          <span>
            Practice Studio<small>for Cerner</small>
          </span>
        </div>
        <Nav />
      </aside>
      <Drawer
        opened={drawer}
        onClose={close}
        size={260}
        title="Practice Studio"
        classNames={{ content: `${css.drawer} rail`, header: css.drawerHead }}
        closeButtonProps={{ 'aria-label': 'Close navigation' }}
      >
        <Nav />
      </Drawer>
      <div className={css.column}>
        {session.demo && (
          <section className={css.demo} aria-label="Notice">
            <IconFlask size={14} aria-hidden="true" />
            <span>
              <strong>Sandbox data.</strong> Every person here is made up.
            </span>
          </section>
        )}
        <header className={css.bar}>
          <Burger
            className={css.burger}
            size="sm"
            opened={drawer}
            onClick={open}
            aria-label="Open navigation"
          />
          <button
            type="button"
            className={css.search}
            onClick={spotlight.open}
            aria-keyshortcuts="Control+K Meta+K"
          >
            <IconSearch size={15} aria-hidden="true" />
            <span>Search patients, messages, pages</span>
            <Kbd className={css.kbd} aria-hidden="true">
              {mac ? '⌘ K' : 'Ctrl K'}
            </Kbd>
          </button>
          <div className={css.grow} />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            className={css.keys}
            aria-label="Keyboard help"
            onClick={toggle}
          >
            <IconKeyboard size={18} stroke={1.6} />
          </ActionIcon>
          <Menus />
        </header>
        <main id="main" tabIndex={-1} className={css.main}>
          <Outlet />
        </main>
      </div>
      <Palette />
      <KeysHelp opened={help} onClose={closeHelp} />
    </div>
  )
}
