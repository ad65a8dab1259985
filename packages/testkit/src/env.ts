/** Set where the DICOM tools were installed for the tests (.ci/with-dicom-tools): then a test that skips itself is a fault. */
export const areDicomToolsRequired = process.env.CONSILIUM_DICOM_TOOLS === 'required';
