// long: the 621 rows of one table of the standard, one a line
/** What the Basic Profile does with an attribute, as the standard writes it. */
export type BasicAction = 'X' | 'Z' | 'D' | 'U' | 'X/Z' | 'X/D' | 'Z/D' | 'X/Z/D' | 'X/Z/U*';

/** One row of the table. Which attributes it stands for: one tag, or a whole kind of them. */
export interface ProfileRow {
  /** Eight hexadecimal digits, `50xxxxxx`, `60xx3000`, `60xx4000`, or `odd` for private groups. */
  readonly id: string;
  readonly action: BasicAction;
  /**
   * Letters of the options that change the action. p, P: Retain Patient Characteristics keeps, cleans. d, D: Retain Device
   * Identity keeps, cleans. i: Retain Institution Identity. t: Retain Longitudinal Modified Dates. c: Clean Descriptors.
   * s: Clean Structured Content. g: Clean Graphics. v: Retain Safe Private.
   */
  readonly options: string;
  readonly name: string;
}

/**
 * `id action options name`. Source: DICOM PS3.15 (January 2025) table E.1-1, Application Level Confidentiality Profile;
 * the columns Retain UIDs and Retain Full Dates are left out, because no policy of ours uses them.
 */
const ROWS = `
00001000 X - Affected SOP Instance UID
00001001 U - Requested SOP Instance UID
00020003 U - Media Storage SOP Instance UID
00041511 U - Referenced SOP Instance UID in File
00080012 X/D t Instance Creation Date
00080013 X/Z/D t Instance Creation Time
00080014 U - Instance Creator UID
00080015 X t Instance Coercion DateTime
00080017 U - Acquisition UID
00080018 U - SOP Instance UID
00080019 U - Pyramid UID
00080020 Z t Study Date
00080021 X/D t Series Date
00080022 X/Z t Acquisition Date
00080023 Z/D t Content Date
00080024 X t Overlay Date
00080025 X t Curve Date
0008002a X/Z/D t Acquisition DateTime
00080030 Z t Study Time
00080031 X/D t Series Time
00080032 X/Z t Acquisition Time
00080033 Z/D t Content Time
00080034 X t Overlay Time
00080035 X t Curve Time
00080050 Z - Accession Number
00080054 X D Retrieve AE Title
00080055 X D Station AE Title
00080058 U - Failed SOP Instance UID List
00080080 X/Z/D i Institution Name
00080081 X i Institution Address
00080082 X/Z/D i Institution Code Sequence
00080090 Z - Referring Physician's Name
00080092 X - Referring Physician's Address
00080094 X - Referring Physician's Telephone Numbers
00080096 X - Referring Physician Identification Sequence
0008009c Z - Consulting Physician's Name
0008009d X - Consulting Physician Identification Sequence
00080106 D t Context Group Version
00080107 D t Context Group Local Version
00080201 X t Timezone Offset From UTC
00081000 X D Network ID
00081010 X/Z/D d Station Name
00081030 X c Study Description
0008103e X c Series Description
00081040 X i Institutional Department Name
00081041 X i Institutional Department Type Code Sequence
00081048 X - Physician(s) of Record
00081049 X - Physician(s) of Record Identification Sequence
00081050 X - Performing Physician's Name
00081052 X - Performing Physician Identification Sequence
00081060 X - Name of Physician(s) Reading Study
00081062 X - Physician(s) Reading Study Identification Sequence
00081070 X/Z/D - Operators' Name
00081072 X/D - Operator Identification Sequence
00081080 X c Admitting Diagnoses Description
00081084 X c Admitting Diagnoses Code Sequence
00081088 X c Pyramid Description
00081110 X/Z - Referenced Study Sequence
00081111 X/Z/D - Referenced Performed Procedure Step Sequence
00081120 X - Referenced Patient Sequence
00081140 X/Z/U* - Referenced Image Sequence
00081155 U - Referenced SOP Instance UID
00081195 U - Transaction UID
00082111 X c Derivation Description
00082112 X/Z/U* - Source Image Sequence
00083010 U - Irradiation Event UID
00084000 X c Identifying Comments
00100010 Z - Patient's Name
00100020 Z/D - Patient ID
00100021 X - Issuer of Patient ID
00100030 Z - Patient's Birth Date
00100032 X - Patient's Birth Time
00100040 Z p Patient's Sex
00100050 X - Patient's Insurance Plan Code Sequence
00100101 X - Patient's Primary Language Code Sequence
00100102 X - Patient's Primary Language Modifier Code Sequence
00101000 X - Other Patient IDs
00101001 X - Other Patient Names
00101002 X - Other Patient IDs Sequence
00101005 X - Patient's Birth Name
00101010 X p Patient's Age
00101020 X p Patient's Size
00101030 X p Patient's Weight
00101040 X - Patient's Address
00101050 X - Insurance Plan Identification
00101060 X - Patient's Mother's Birth Name
00101080 X - Military Rank
00101081 X - Branch of Service
00101090 X - Medical Record Locator
00101100 X - Referenced Patient Photo Sequence
00102000 X c Medical Alerts
00102110 X Pc Allergies
00102150 X - Country of Residence
00102152 X - Region of Residence
00102154 X - Patient's Telephone Numbers
00102155 X - Patient's Telecom Information
00102160 X p Ethnic Group
00102180 X c Occupation
001021a0 X p Smoking Status
001021b0 X c Additional Patient History
001021c0 X p Pregnancy Status
001021d0 X t Last Menstrual Date
001021f0 X - Patient's Religious Preference
00102203 X/Z p Patient's Sex Neutered
00102297 X - Responsible Person
00102299 X - Responsible Organization
00104000 X c Patient Comments
00120010 D - Clinical Trial Sponsor Name
00120020 D - Clinical Trial Protocol ID
00120021 Z - Clinical Trial Protocol Name
00120022 X - Issuer of Clinical Trial Protocol ID
00120023 X - Other Clinical Trial Protocol IDs Sequence
00120030 Z i Clinical Trial Site ID
00120031 Z i Clinical Trial Site Name
00120032 X - Issuer of Clinical Trial Site ID
00120040 D - Clinical Trial Subject ID
00120041 X - Issuer of Clinical Trial Subject ID
00120042 D - Clinical Trial Subject Reading ID
00120043 X - Issuer of Clinical Trial Subject Reading ID
00120050 Z - Clinical Trial Time Point ID
00120051 X c Clinical Trial Time Point Description
00120055 X - Issuer of Clinical Trial Time Point ID
00120060 Z i Clinical Trial Coordinating Center Name
00120071 X - Clinical Trial Series ID
00120072 X c Clinical Trial Series Description
00120073 X - Issuer of Clinical Trial Series ID
00120081 D i Clinical Trial Protocol Ethics Committee Name
00120082 X - Clinical Trial Protocol Ethics Committee Approval Number
00120086 X t Ethics Committee Approval Effectiveness Start Date
00120087 X t Ethics Committee Approval Effectiveness End Date
0014407c X dt Calibration Time
0014407e X dt Calibration Date
0016002b X c Maker Note
0016004b X c Device Setting Description
0016004d X - Camera Owner Name
0016004e X d Lens Specification
0016004f X d Lens Make
00160050 X d Lens Model
00160051 X d Lens Serial Number
00160070 X - GPS Version ID
00160071 X - GPS Latitude Ref
00160072 X - GPS Latitude
00160073 X - GPS Longitude Ref
00160074 X - GPS Longitude
00160075 X - GPS Altitude Ref
00160076 X - GPS Altitude
00160077 X - GPS Time Stamp
00160078 X - GPS Satellites
00160079 X - GPS Status
0016007a X - GPS Measure Mode
0016007b X - GPS DOP
0016007c X - GPS Speed Ref
0016007d X - GPS Speed
0016007e X - GPS Track Ref
0016007f X - GPS Track
00160080 X - GPS Img Direction Ref
00160081 X - GPS Img Direction
00160082 X - GPS Map Datum
00160083 X - GPS Dest Latitude Ref
00160084 X - GPS Dest Latitude
00160085 X - GPS Dest Longitude Ref
00160086 X - GPS Dest Longitude
00160087 X - GPS Dest Bearing Ref
00160088 X - GPS Dest Bearing
00160089 X - GPS Dest Distance Ref
0016008a X - GPS Dest Distance
0016008b X - GPS Processing Method
0016008c X - GPS Area Information
0016008d X t GPS Date Stamp
0016008e X - GPS Differential
00180010 Z/D c Contrast/Bolus Agent
00180027 X t Intervention Drug Stop Time
00180035 X t Intervention Drug Start Time
00181000 X/Z/D d Device Serial Number
00181002 U d Device UID
00181004 X d Plate ID
00181005 X d Generator ID
00181007 X d Cassette ID
00181008 X d Gantry ID
00181009 X d Unique Device Identifier
0018100a X d UDI Sequence
0018100b U d Manufacturer's Device Class UID
00181012 X t Date of Secondary Capture
00181014 X t Time of Secondary Capture
00181030 X/D c Protocol Name
00181042 X t Contrast/Bolus Start Time
00181043 X t Contrast/Bolus Stop Time
00181072 X t Radiopharmaceutical Start Time
00181073 X t Radiopharmaceutical Stop Time
00181078 X t Radiopharmaceutical Start DateTime
00181079 X t Radiopharmaceutical Stop DateTime
001811bb D c Acquisition Field Of View Label
00181200 X dt Date of Last Calibration
00181201 X dt Time of Last Calibration
00181202 X dt DateTime of Last Calibration
00181203 Z dt Calibration DateTime
00181204 X dt Date of Manufacture
00181205 X dt Date of Installation
00181400 X/D c Acquisition Device Processing Description
00182042 U - Target UID
00184000 X c Acquisition Comments
00185011 X d Transducer Identification Sequence
0018700a X/D d Detector ID
0018700c X/D dt Date of Last Detector Calibration
0018700e X/D dt Time of Last Detector Calibration
00189074 D t Frame Acquisition DateTime
00189151 D t Frame Reference DateTime
00189185 X c Respiratory Motion Compensation Technique Description
00189367 D d X-Ray Source ID
00189369 D t Source Start DateTime
0018936a D t Source End DateTime
00189371 D d X-Ray Detector ID
00189373 X d X-Ray Detector Label
0018937b X c Multi-energy Acquisition Description
0018937f X c Decomposition Description
00189424 X c Acquisition Protocol Description
00189516 X/D t Start Acquisition DateTime
00189517 X/D t End Acquisition DateTime
00189623 D t Functional Sync Pulse
00189701 D t Decay Correction DateTime
00189804 D t Exclusion Start DateTime
00189919 Z/D t Instruction Performed DateTime
00189937 X c Requested Series Description
0018a002 X t Contribution DateTime
0018a003 X c Contribution Description
0020000d U - Study Instance UID
0020000e U - Series Instance UID
00200010 Z - Study ID
00200027 X c Pyramid Label
00200052 U - Frame of Reference UID
00200200 U - Synchronization Frame of Reference UID
00203401 X d Modifying Device ID
00203403 X t Modified Image Date
00203405 X t Modified Image Time
00203406 X - Modified Image Description
00204000 X c Image Comments
00209158 X c Frame Comments
00209161 U - Concatenation UID
00209164 U - Dimension Organization UID
00281199 U - Palette Color Lookup Table UID
00281214 U - Large Palette Color Lookup Table UID
00284000 X - Image Presentation Comments
00320012 X - Study ID Issuer
00320032 X t Study Verified Date
00320033 X t Study Verified Time
00320034 X t Study Read Date
00320035 X t Study Read Time
00321000 X t Scheduled Study Start Date
00321001 X t Scheduled Study Start Time
00321010 X t Scheduled Study Stop Date
00321011 X t Scheduled Study Stop Time
00321020 X d Scheduled Study Location
00321021 X D Scheduled Study Location AE Title
00321030 X c Reason for Study
00321032 X - Requesting Physician
00321033 X - Requesting Service
00321040 X t Study Arrival Date
00321041 X t Study Arrival Time
00321050 X t Study Completion Date
00321051 X t Study Completion Time
00321060 X/Z c Requested Procedure Description
00321066 X c Reason for Visit
00321067 X c Reason for Visit Code Sequence
00321070 X c Requested Contrast Agent
00324000 X c Study Comments
00340001 D - Flow Identifier Sequence
00340002 D - Flow Identifier
00340005 D - Source Identifier
00340007 D t Frame Origin Timestamp
00380004 X - Referenced Patient Alias Sequence
00380010 X - Admission ID
00380011 X - Issuer of Admission ID
00380014 X - Issuer of Admission ID Sequence
0038001a X t Scheduled Admission Date
0038001b X t Scheduled Admission Time
0038001c X t Scheduled Discharge Date
0038001d X t Scheduled Discharge Time
0038001e X - Scheduled Patient Institution Residence
00380020 X t Admitting Date
00380021 X t Admitting Time
00380030 X t Discharge Date
00380032 X t Discharge Time
00380040 X c Discharge Diagnosis Description
00380050 X P Special Needs
00380060 X - Service Episode ID
00380061 X - Issuer of Service Episode ID
00380062 X c Service Episode Description
00380064 X - Issuer of Service Episode ID Sequence
00380300 X - Current Patient Location
00380400 X - Patient's Institution Residence
00380500 X Pc Patient State
00384000 X c Visit Comments
003a0310 U - Multiplex Group UID
003a0314 D t Impedance Measurement DateTime
003a0329 X c Waveform Filter Description
003a032b X c Filter Lookup Table Description
00400001 X D Scheduled Station AE Title
00400002 X t Scheduled Procedure Step Start Date
00400003 X t Scheduled Procedure Step Start Time
00400004 X t Scheduled Procedure Step End Date
00400005 X t Scheduled Procedure Step End Time
00400006 X - Scheduled Performing Physician's Name
00400007 X c Scheduled Procedure Step Description
00400009 X - Scheduled Procedure Step ID
0040000b X - Scheduled Performing Physician Identification Sequence
00400010 X d Scheduled Station Name
00400011 X d Scheduled Procedure Step Location
00400012 X P Pre-Medication
00400241 X D Performed Station AE Title
00400242 X d Performed Station Name
00400243 X - Performed Location
00400244 X t Performed Procedure Step Start Date
00400245 X t Performed Procedure Step Start Time
00400250 X t Performed Procedure Step End Date
00400251 X t Performed Procedure Step End Time
00400253 X - Performed Procedure Step ID
00400254 X c Performed Procedure Step Description
00400275 X c Request Attributes Sequence
00400280 X c Comments on the Performed Procedure Step
00400310 X c Comments on Radiation Dose
0040050a X - Specimen Accession Number
00400512 D - Container Identifier
00400513 Z - Issuer of the Container Identifier Sequence
0040051a X c Container Description
00400551 D - Specimen Identifier
00400554 U - Specimen UID
00400555 X/Z s Acquisition Context Sequence
00400562 Z - Issuer of the Specimen Identifier Sequence
00400600 X c Specimen Short Description
00400602 X c Specimen Detailed Description
00400610 Z s Specimen Preparation Sequence
004006fa X - Slide Identifier
00401001 X - Requested Procedure ID
00401002 X c Reason for the Requested Procedure
00401004 X - Patient Transport Arrangements
00401005 X - Requested Procedure Location
0040100a X c Reason for Requested Procedure Code Sequence
00401010 X - Names of Intended Recipients of Results
00401011 X - Intended Recipients of Results Identification Sequence
00401101 D - Person Identification Code Sequence
00401102 X - Person's Address
00401103 X - Person's Telephone Numbers
00401104 X - Person's Telecom Information
00401400 X c Requested Procedure Comments
00402001 X c Reason for the Imaging Service Request
00402004 X t Issue Date of Imaging Service Request
00402005 X t Issue Time of Imaging Service Request
00402008 X - Order Entered By
00402009 X - Order Enterer's Location
00402010 X - Order Callback Phone Number
00402011 X - Order Callback Telecom Information
00402016 Z - Placer Order Number / Imaging Service Request
00402017 Z - Filler Order Number / Imaging Service Request
00402400 X c Imaging Service Request Comments
00403001 X - Confidentiality Constraint on Patient Data Description
00404005 X t Scheduled Procedure Step Start DateTime
00404008 X t Scheduled Procedure Step Expiration DateTime
00404010 X t Scheduled Procedure Step Modification DateTime
00404011 X t Expected Completion DateTime
00404023 U - Referenced General Purpose Scheduled Procedure Step Transaction UID
00404025 X d Scheduled Station Name Code Sequence
00404027 X d Scheduled Station Geographic Location Code Sequence
00404028 X d Performed Station Name Code Sequence
00404030 X d Performed Station Geographic Location Code Sequence
00404034 X - Scheduled Human Performers Sequence
00404035 X - Actual Human Performers Sequence
00404036 X - Human Performer's Organization
00404037 X - Human Performer's Name
00404050 X t Performed Procedure Step Start DateTime
00404051 X t Performed Procedure Step End DateTime
00404052 X t Procedure Step Cancellation DateTime
0040a023 X t Findings Group Recording Date (Trial)
0040a024 X t Findings Group Recording Time (Trial)
0040a027 D - Verifying Organization
0040a030 D t Verification DateTime
0040a032 X/D t Observation DateTime
0040a033 X t Observation Start DateTime
0040a073 D - Verifying Observer Sequence
0040a075 D - Verifying Observer Name
0040a078 X - Author Observer Sequence
0040a07a X - Participant Sequence
0040a07c X - Custodial Organization Sequence
0040a082 Z t Participation DateTime
0040a088 Z - Verifying Observer Identification Code Sequence
0040a110 X t Date of Document or Verbal Transaction (Trial)
0040a112 X t Time of Document Creation or Verbal Transaction (Trial)
0040a120 D t DateTime
0040a121 D t Date
0040a122 D t Time
0040a123 D - Person Name
0040a124 U - UID
0040a13a D t Referenced DateTime
0040a171 U - Observation UID
0040a172 U - Referenced Observation UID (Trial)
0040a192 X t Observation Date (Trial)
0040a193 X t Observation Time (Trial)
0040a307 X - Current Observer (Trial)
0040a352 X - Verbal Source (Trial)
0040a353 X - Address (Trial)
0040a354 X - Telephone Number (Trial)
0040a358 X - Verbal Source Identifier Code Sequence (Trial)
0040a402 U - Observation Subject UID (Trial)
0040a730 D s Content Sequence
0040db06 X t Template Version
0040db07 X t Template Local Version
0040db0c U - Template Extension Organization UID
0040db0d U - Template Extension Creator UID
0040e004 X t HL7 Document Effective Time
00420011 D - Encapsulated Document
00440004 X t Approval Status DateTime
0044000b X t Product Expiration DateTime
00440010 X t Substance Administration DateTime
00440104 D t Assertion DateTime
00440105 X t Assertion Expiration DateTime
0050001b X - Container Component ID
00500020 X d Device Description
00500021 X c Long Device Description
00620021 U - Tracking UID
00640003 U - Source Frame of Reference UID
00686226 D t Effective DateTime
00686270 D t Information Issue DateTime
006a0003 D - Annotation Group UID
006a0005 D c Annotation Group Label
006a0006 X c Annotation Group Description
00700001 D g Graphic Annotation Sequence
00700082 X t Presentation Creation Date
00700083 X t Presentation Creation Time
00700084 Z/D - Content Creator's Name
00700086 X - Content Creator's Identification Code Sequence
0070031a U - Fiducial UID
00701101 U - Presentation Display Collection UID
00701102 U - Presentation Sequence Collection UID
0072000a D t Hanging Protocol Creation DateTime
0072005e D D Selector AE Value
0072005f D p Selector AS Value
00720061 D t Selector DA Value
00720063 D t Selector DT Value
00720065 D - Selector OB Value
00720066 D c Selector LO Value
00720068 D c Selector LT Value
0072006a D - Selector PN Value
0072006b D t Selector TM Value
0072006c D c Selector SH Value
0072006d D - Selector UN Value
0072006e D c Selector ST Value
00720070 D c Selector UT Value
00720071 D - Selector UR Value
00741234 X D Receiving AE
00741236 X D Requesting AE
00880140 U - Storage Media File-set UID
00880200 X - Icon Image Sequence
00880904 X - Topic Title
00880906 X - Topic Subject
00880910 X - Topic Author
00880912 X - Topic Keywords
01000420 X t SOP Authorization DateTime
04000100 U - Digital Signature UID
04000105 D t Digital Signature DateTime
04000115 D - Certificate of Signer
04000310 X t Certified Timestamp
04000402 X - Referenced Digital Signature Sequence
04000403 X - Referenced SOP Instance MAC Sequence
04000404 X - MAC
04000550 X - Modified Attributes Sequence
04000551 X - Nonconforming Modified Attributes Sequence
04000552 X - Nonconforming Data Element Value
04000561 X - Original Attributes Sequence
04000562 D t Attribute Modification DateTime
04000563 D d Modifying System
04000564 Z i Source of Previous Values
04000565 D c Reason for the Attribute Modification
04000600 X - Instance Origin Status
20300020 X - Text String
21000040 X t Creation Date
21000050 X t Creation Time
21000070 X D Originator
21000140 D D Destination AE
22000002 X/Z c Label Text
22000005 X/Z - Barcode Value
30020121 X c Position Acquisition Template Name
30020123 X c Position Acquisition Template Description
30060002 D c Structure Set Label
30060004 X c Structure Set Name
30060006 X c Structure Set Description
30060008 Z t Structure Set Date
30060009 Z t Structure Set Time
30060024 U - Referenced Frame of Reference UID
30060026 Z c ROI Name
30060028 X c ROI Description
3006002d X t ROI DateTime
3006002e X t ROI Observation DateTime
30060038 X c ROI Generation Description
3006004d X - ROI Creator Sequence
3006004e X - ROI Interpreter Sequence
30060085 X c ROI Observation Label
30060088 X c ROI Observation Description
300600a6 Z - ROI Interpreter
300600c2 U - Related Frame of Reference UID
30080024 D t Treatment Control Point Date
30080025 D t Treatment Control Point Time
30080054 X/D t First Treatment Date
30080056 X/D t Most Recent Treatment Date
30080105 X/Z d Source Serial Number
30080162 D t Safe Position Exit Date
30080164 D t Safe Position Exit Time
30080166 D t Safe Position Return Date
30080168 D t Safe Position Return Time
30080250 X/D t Treatment Date
30080251 X/D t Treatment Time
300a0002 D c RT Plan Label
300a0003 X c RT Plan Name
300a0004 X c RT Plan Description
300a0006 X/D t RT Plan Date
300a0007 X/D t RT Plan Time
300a000b X c Treatment Sites
300a000e X c Prescription Description
300a0013 U - Dose Reference UID
300a0016 X c Dose Reference Description
300a0072 X c Fraction Group Description
300a0083 U - Referenced Dose Reference UID
300a00b2 X/Z d Treatment Machine Name
300a00c3 X c Beam Description
300a00dd X c Bolus Description
300a0196 X c Fixation Device Description
300a01a6 X c Shielding Device Description
300a01b2 X c Setup Technique Description
300a0216 X d Source Manufacturer
300a022c D t Source Strength Reference Date
300a022e D t Source Strength Reference Time
300a02eb X c Compensator Description
300a0608 D c Treatment Position Group Label
300a0609 U - Treatment Position Group UID
300a0611 Z - RT Accessory Holder Slot ID
300a0615 Z - RT Accessory Device Slot ID
300a0619 D c Radiation Dose Identification Label
300a0623 D c Radiation Dose In-Vivo Measurement Label
300a062a D c RT Tolerance Set Label
300a0650 U - Patient Setup UID
300a0676 X c Equipment Frame of Reference Description
300a067c D c Radiation Generation Mode Label
300a067d Z c Radiation Generation Mode Description
300a0700 U - Treatment Session UID
300a0734 D c Treatment Tolerance Violation Description
300a0736 D t Treatment Tolerance Violation DateTime
300a073a D t Recorded RT Control Point DateTime
300a0741 D t Interlock DateTime
300a0742 D c Interlock Description
300a0760 D t Override DateTime
300a0783 D c Interlock Origin Description
300a0785 U - Referenced Treatment Position Group UID
300a078e X c Patient Treatment Preparation Procedure Parameter Description
300a0792 X c Patient Treatment Preparation Method Description
300a0794 X c Patient Setup Photo Description
300a079a X c Displacement Reference Label
300c0113 X c Reason for Omission Description
300c0127 D dt Beam Hold Transition DateTime
300e0004 Z t Review Date
300e0005 Z t Review Time
300e0008 X/Z - Reviewer Name
30100006 U - Conceptual Volume UID
3010000b U - Referenced Conceptual Volume UID
3010000f Z c Conceptual Volume Combination Description
30100013 U - Constituent Conceptual Volume UID
30100015 U - Source Conceptual Volume UID
30100017 Z c Conceptual Volume Description
3010001b Z - Device Alternate Identifier
3010002d D d Device Label
30100031 U - Referenced Fiducials UID
30100033 D c User Content Label
30100034 D c User Content Long Label
30100035 D c Entity Label
30100036 X c Entity Name
30100037 X c Entity Description
30100038 D c Entity Long Label
3010003b U - RT Treatment Phase UID
30100043 Z d Manufacturer's Device Identifier
3010004c X/D t Intended Phase Start Date
3010004d X/D t Intended Phase End Date
30100054 D c RT Prescription Label
30100056 X/D c RT Treatment Approach Label
3010005a Z c RT Physician Intent Narrative
3010005c Z c Reason for Superseding
30100061 X c Prior Treatment Dose Description
3010006e U - Dosimetric Objective UID
3010006f U - Referenced Dosimetric Objective UID
30100077 X/D c Treatment Site
3010007a Z c Treatment Technique Notes
3010007b Z c Prescription Notes
3010007f Z c Fractionation Notes
30100081 Z c Prescription Notes Sequence
30100085 X t Intended Fraction Start Time
40000010 X - Arbitrary
40004000 X - Text Comments
40080040 X - Results ID
40080042 X - Results ID Issuer
40080100 X t Interpretation Recorded Date
40080101 X t Interpretation Recorded Time
40080102 X - Interpretation Recorder
40080108 X t Interpretation Transcription Date
40080109 X t Interpretation Transcription Time
4008010a X - Interpretation Transcriber
4008010b X c Interpretation Text
4008010c X - Interpretation Author
40080111 X - Interpretation Approver Sequence
40080112 X t Interpretation Approval Date
40080113 X t Interpretation Approval Time
40080114 X - Physician Approving Interpretation
40080115 X c Interpretation Diagnosis Description
40080118 X - Results Distribution List Sequence
40080119 X - Distribution Name
4008011a X - Distribution Address
40080200 X - Interpretation ID
40080202 X - Interpretation ID Issuer
40080300 X c Impressions
40084000 X c Results Comments
50xxxxxx X g Curve Data
60xx3000 X g Overlay Data
60xx4000 X g Overlay Comments
fffafffa X - Digital Signatures Sequence
fffcfffc X - Data Set Trailing Padding
odd X v Private Attributes
`;

const BY_ID: ReadonlyMap<string, ProfileRow> = new Map(profileRows().map((row) => [row.id, row]));

/** The whole table, in the order of the tags. */
export function profileRows(): ProfileRow[] {
  return ROWS.trim()
    .split('\n')
    .map((line) => {
      const [id, action, options, ...name] = line.split(' ');
      return { id: id!, action: action as BasicAction, options: options!, name: name.join(' ') };
    });
}

/** The row that an attribute falls under, if any; curves, overlays and private groups have rows for all of them. */
export function profileRowOf(tag: number): ProfileRow | undefined {
  const id = tag.toString(16).padStart(8, '0');
  if (((tag >>> 16) & 1) === 1) return BY_ID.get('odd');
  if (id.startsWith('50')) return BY_ID.get('50xxxxxx');
  return BY_ID.get(id.startsWith('60') ? `60xx${id.slice(4)}` : id);
}

/** The standard's name of an attribute that the table lists; '' for others. */
export function attributeName(tag: number): string {
  return profileRowOf(tag)?.name ?? '';
}
