export {
  type Authority,
  createAuthority,
  type IssuedCertificate,
  issueCoordinatorCertificate,
  issueSiteCertificate,
} from './authority.js';
export { siteUri } from './names.js';
