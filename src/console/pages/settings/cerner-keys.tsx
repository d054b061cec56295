import { Button } from '@mantine/core'
import { IconDownload, IconKey } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import type { CernerStatus } from '../../../contract/cerner.ts'
import { makeKeys } from '../../api/cerner.ts'
import { CopyButton, CopyLine } from '../../parts/copy.tsx'
import { saveText } from '../../parts/download.ts'
import { Refused } from '../../parts/states.tsx'
import css from './cerner.module.css'
import type { SettingsDraft } from './use-settings-draft.ts'

function Part({ title, text, file, type }: { title: string; text: string; file: string; type: string }) {
  return (
    <div className={css.keyPart}>
      <div className={css.keyHead}>
        <span>{title}</span>
        <CopyButton text={text} what={title} />
        <Button
          variant="default"
          size="compact-xs"
          leftSection={<IconDownload size={13} />}
          onClick={() => saveText(file, text, type)}
          aria-label={`Save ${title}`}
        >
          Save
        </Button>
      </div>
      <pre className={css.keyText} tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </div>
  )
}

/** The key pair that proves who we are. Its private half is made and sealed on the server and is never shown. */
export function Keys({
  form,
  known,
  jwksUrl,
  readOnly,
}: {
  form: SettingsDraft
  known: CernerStatus['register']['public_key']
  jwksUrl: string
  readOnly: boolean
}) {
  const algorithm = form.get('auth.algorithm')
  const make = useMutation({
    mutationFn: () => makeKeys(form.base.id, typeof algorithm === 'string' ? algorithm : 'RS384'),
    onSuccess: () => form.catchUp(),
  })
  const key = make.data ?? known
  const start = (): void => {
    if (
      key === null ||
      window.confirm('Replace the key? Cerner refuses us until it has read the new public half.')
    )
      make.mutate()
  }
  return (
    <div className={css.keys} role="group" aria-label="Key pair">
      <div className={css.keyHead}>
        <span className={css.keyTitle}>
          {key === null ? 'No key pair yet' : 'Public half of the key pair'}
          <small>
            {key === null
              ? 'The private half is made and sealed here; it is never shown.'
              : `${key.algorithm}, key id ${key.key_id}. Give Cerner the address, or the text where it takes no address.`}
          </small>
        </span>
        <Button
          size="compact-xs"
          variant={key === null ? 'filled' : 'default'}
          leftSection={<IconKey size={13} />}
          disabled={readOnly}
          loading={make.isPending}
          onClick={start}
        >
          {key === null ? 'Make a key pair' : 'Make a new key pair'}
        </Button>
      </div>
      {make.isError && <Refused error={make.error} />}
      {key !== null && (
        <>
          <CopyLine label="JWKS address" value={jwksUrl} help="Cerner fetches the public half from here." />
          <Part
            title="JWKS"
            text={JSON.stringify({ keys: [key.jwk] }, null, 2)}
            file="jwks.json"
            type="application/json"
          />
          <Part title="PEM" text={key.pem} file={`${key.key_id}.pem`} type="application/x-pem-file" />
        </>
      )}
    </div>
  )
}
