import { OPERATIONS } from '../mws/operations.ts'
import { actionOf, MWS_NAMESPACE, SOAP_OPERATIONS } from './mws.ts'
import { escapeAttribute } from './escape.ts'

/**
 * The WSDL 1.1 document of the service: one port type, a binding for SOAP 1.1 and one for SOAP 1.2, document/literal
 * wrapped. Bodies are JSON as elements (see json-xml.ts), so their schema is open.
 */
export function writeWsdl(address: string): string {
  const names = { namespace: MWS_NAMESPACE, operations: {} }
  const each = (write: (name: (typeof SOAP_OPERATIONS)[number]) => string): string =>
    SOAP_OPERATIONS.map(write).join('\n')
  const at = escapeAttribute(address)
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="MillenniumServices" targetNamespace="${MWS_NAMESPACE}" xmlns:tns="${MWS_NAMESPACE}"
    xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/">
  <wsdl:types>
    <xsd:schema targetNamespace="${MWS_NAMESPACE}" elementFormDefault="qualified">
      <xsd:complexType name="Named"><xsd:simpleContent><xsd:extension base="xsd:string"><xsd:attribute name="name" type="xsd:string" use="required"/></xsd:extension></xsd:simpleContent></xsd:complexType>
      <xsd:complexType name="Json" mixed="true"><xsd:sequence><xsd:any minOccurs="0" maxOccurs="unbounded" processContents="skip"/></xsd:sequence><xsd:anyAttribute processContents="skip"/></xsd:complexType>
      <xsd:complexType name="Content"><xsd:simpleContent><xsd:extension base="xsd:base64Binary"><xsd:attribute name="mediaType" type="xsd:string"/><xsd:attribute name="digest" type="xsd:string"/></xsd:extension></xsd:simpleContent></xsd:complexType>
      <xsd:complexType name="Request"><xsd:sequence><xsd:element name="path" type="tns:Named" minOccurs="0" maxOccurs="unbounded"/><xsd:element name="query" type="tns:Named" minOccurs="0" maxOccurs="unbounded"/><xsd:element name="version" type="xsd:string" minOccurs="0"/><xsd:element name="key" type="xsd:string" minOccurs="0"/><xsd:element name="body" type="tns:Json" minOccurs="0"/></xsd:sequence></xsd:complexType>
      <xsd:complexType name="Answer"><xsd:sequence><xsd:element name="status" type="xsd:int"/><xsd:element name="version" type="xsd:string" minOccurs="0"/><xsd:element name="lastModified" type="xsd:string" minOccurs="0"/><xsd:element name="location" type="xsd:anyURI" minOccurs="0"/><xsd:element name="retryAfter" type="xsd:string" minOccurs="0"/><xsd:element name="body" type="tns:Json" minOccurs="0"/><xsd:element name="content" type="tns:Content" minOccurs="0"/></xsd:sequence></xsd:complexType>
      <xsd:element name="problem" type="tns:Answer"/>
${each((name) => `      <xsd:element name="${name}" type="tns:Request"/>\n      <xsd:element name="${name}Response" type="tns:Answer"/>`)}
    </xsd:schema>
  </wsdl:types>
  <wsdl:message name="Problem"><wsdl:part name="problem" element="tns:problem"/></wsdl:message>
${each((name) => `  <wsdl:message name="${name}In"><wsdl:part name="parameters" element="tns:${name}"/></wsdl:message>\n  <wsdl:message name="${name}Out"><wsdl:part name="parameters" element="tns:${name}Response"/></wsdl:message>`)}
  <wsdl:portType name="MillenniumServices">
${each((name) => `    <wsdl:operation name="${name}"><wsdl:documentation>${OPERATIONS[name].method} ${OPERATIONS[name].path}</wsdl:documentation><wsdl:input message="tns:${name}In"/><wsdl:output message="tns:${name}Out"/><wsdl:fault name="Problem" message="tns:Problem"/></wsdl:operation>`)}
  </wsdl:portType>
${binding('soap', 'Soap11', each, (name) => actionOf(names, name))}
${binding('soap12', 'Soap12', each, (name) => actionOf(names, name))}
  <wsdl:service name="MillenniumServices">
    <wsdl:port name="Soap11" binding="tns:Soap11"><soap:address location="${at}"/></wsdl:port>
    <wsdl:port name="Soap12" binding="tns:Soap12"><soap12:address location="${at}"/></wsdl:port>
  </wsdl:service>
</wsdl:definitions>
`
}

type Name = (typeof SOAP_OPERATIONS)[number]

function binding(
  soap: 'soap' | 'soap12',
  name: string,
  each: (write: (name: Name) => string) => string,
  action: (name: Name) => string,
): string {
  const literal = `<${soap}:body use="literal"/>`
  return `  <wsdl:binding name="${name}" type="tns:MillenniumServices">
    <${soap}:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
${each((one) => `    <wsdl:operation name="${one}"><${soap}:operation soapAction="${action(one)}"/><wsdl:input>${literal}</wsdl:input><wsdl:output>${literal}</wsdl:output><wsdl:fault name="Problem"><${soap}:fault name="Problem" use="literal"/></wsdl:fault></wsdl:operation>`)}
  </wsdl:binding>`
}
