import { ActionIcon, Button, Menu, useMantineColorScheme, type MantineColorScheme } from '@mantine/core'
import {
  IconClockHour4,
  IconLogout,
  IconMoon,
  IconSun,
  IconSunMoon,
  IconUserCircle,
} from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { signOut } from '../api/queries.ts'
import { chooseZone, useZone, ZONE_CHOICES, type ZoneChoice } from '../time/zone-choice.ts'
import { useSession } from './session.ts'
import css from './shell.module.css'

const THEMES: [MantineColorScheme, string][] = [
  ['light', 'Light'],
  ['dark', 'Dark'],
  ['auto', 'As the system'],
]
export const themeIcon = { light: IconSun, dark: IconMoon, auto: IconSunMoon }

function ZoneMenu() {
  const { practice } = useSession()
  const { choice } = useZone()
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone
  const choices: [ZoneChoice, string, string][] = [
    ['site', 'Site', practice.time_zone],
    ['mine', 'Mine', mine],
    ['utc', 'UTC', 'UTC'],
  ]
  const label = choices.find(([key]) => key === choice)?.[1] ?? ''
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          size="compact-md"
          fz="xs"
          h={34}
          leftSection={<IconClockHour4 size={16} stroke={1.6} />}
          aria-label={`Time zone: ${label}`}
        >
          <span className={css.wideOnly}>{label}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Times are shown in</Menu.Label>
        <Menu.RadioGroup
          value={choice}
          onChange={(next) => chooseZone(ZONE_CHOICES.find((key) => key === next) ?? 'site')}
        >
          {choices.map(([key, name, zone]) => (
            <Menu.RadioItem key={key} value={key} closeMenuOnClick>
              {name} <span className="dim">{zone}</span>
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  )
}

function ThemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const Sign = themeIcon[colorScheme]
  return (
    <Menu position="bottom-end" width={170}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Theme">
          <Sign size={18} stroke={1.6} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup
          value={colorScheme}
          onChange={(next) => setColorScheme(THEMES.find(([key]) => key === next)?.[0] ?? 'auto')}
        >
          {THEMES.map(([key, name]) => (
            <Menu.RadioItem key={key} value={key} closeMenuOnClick>
              {name}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  )
}

function SessionMenu() {
  const session = useSession()
  const leave = useMutation({
    mutationFn: signOut,
    // Leaving loads the page anew, so that nothing the session saw stays in memory.
    onSuccess: () => window.location.assign('/'),
  })
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Session of ${session.name}`}>
          <IconUserCircle size={20} stroke={1.5} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {session.name}
          <br />
          {session.role}, {session.practice.name}
        </Menu.Label>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => leave.mutate()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

export const Menus = () => (
  <>
    <ZoneMenu />
    <ThemeMenu />
    <SessionMenu />
  </>
)
